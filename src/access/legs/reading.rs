//! Reads what is no policy: where data lies, in which networks something works, and what copies.

use super::records::{Bucket, Endpoint, Ground, Machine, Named, Reading, Records, Registration, Work, WorkGroup};
use super::text::{Text, many};
use serde_json::Value;

/// Reads one resource.
pub(super) fn read(records: &mut Records, reading: &Reading<'_>, type_name: &str) {
    let Reading { reader, id, properties } = *reading;
    let document = reader.document;
    let (account, region) = (|| document.account.clone(), || document.region.clone());
    match type_name {
        "AWS::S3::Bucket" => records.buckets.push(Bucket {
            spot: reading.spot(),
            account: account(),
            region: region(),
            name: reader.bucket_name(id),
            key: key_of(reading),
        }),
        "AWS::LakeFormation::Resource" => records.registrations.push(Registration {
            spot: reading.spot(),
            account: account(),
            arn: reader.text(&properties["ResourceArn"]),
            role: reader.optional(&properties["RoleArn"]).filter(|_| properties["UseServiceLinkedRole"] != true),
            hybrid: properties["HybridAccessEnabled"] == true,
        }),
        "AWS::Glue::Database" => {
            let input = &properties["DatabaseInput"];
            let target = &input["TargetDatabase"];
            records.databases.push(Named {
                account: account(),
                name: reader.reference(id),
                target: (!target.is_null())
                    .then(|| (reader.text(&target["CatalogId"]), reader.text(&target["DatabaseName"]))),
            });
        }
        "AWS::Glue::Table" => {
            let location = &properties["TableInput"]["StorageDescriptor"]["Location"];
            if location.is_object() {
                records.locations.push((reading.spot(), reader.text(location)));
            }
        }
        "AWS::StepFunctions::StateMachine" => {
            records.machines.push(Machine {
                spot: reading.spot(),
                account: account(),
                role: reader.text(&properties["RoleArn"]),
                queries: queries(reading),
            });
            work(records, reading, &properties["RoleArn"], Ground::Outside);
        }
        "AWS::Athena::WorkGroup" => {
            let results = &properties["WorkGroupConfiguration"]["ResultConfiguration"];
            records.workgroups.push(WorkGroup {
                spot: reading.spot(),
                account: account(),
                region: region(),
                name: reader.reference(id),
                output: reader.optional(&results["OutputLocation"]),
            });
        }
        _ => read_network(records, reading, type_name),
    }
}

fn read_network(records: &mut Records, reading: &Reading<'_>, type_name: &str) {
    let Reading { reader, id, properties } = *reading;
    match type_name {
        "AWS::EC2::VPCEndpoint" => {
            let gateway = properties["VpcEndpointType"].as_str().is_none_or(|kind| kind == "Gateway");
            let document = &properties["PolicyDocument"];
            let routed = !many(&properties["RouteTableIds"]).is_empty();
            records.endpoints.push(Endpoint {
                spot: reading.spot(),
                network: reader.text(&properties["VpcId"]),
                service: reader.text(&properties["ServiceName"]),
                gateway,
                reached: if gateway { routed } else { properties["PrivateDnsEnabled"] != false },
                policy: (!document.is_null()).then(|| reading.policy(document)),
            });
        }
        "AWS::EC2::Subnet" => records.subnets.push((reader.symbol(id), reader.text(&properties["VpcId"]))),
        "AWS::EC2::VPCGatewayAttachment" | "AWS::EC2::TransitGatewayAttachment" => {
            records.ways_out.push(Ground::Network(reader.text(&properties["VpcId"])));
        }
        "AWS::EC2::NatGateway" => records.ways_out.push(Ground::Subnet(reader.text(&properties["SubnetId"]))),
        "AWS::SageMaker::Domain" => {
            let closed = properties["AppNetworkAccessType"] == "VpcOnly";
            let network = closed.then(|| reader.text(&properties["VpcId"]));
            records.domains.push((reader.symbol(id), network.clone()));
            for settings in ["DefaultUserSettings", "DefaultSpaceSettings"] {
                let ground = network.clone().map_or(Ground::Outside, Ground::Network);
                work(records, reading, &properties[settings]["ExecutionRole"], ground);
            }
        }
        "AWS::SageMaker::UserProfile" => {
            let ground = Ground::Domain(reader.text(&properties["DomainId"]));
            work(records, reading, &properties["UserSettings"]["ExecutionRole"], ground);
        }
        "AWS::SageMaker::Model" => {
            let subnet = many(&properties["VpcConfig"]["Subnets"]).first();
            // a container without a network asks nobody (SageMaker developer guide, "Run training and inference containers
            // in internet-free mode")
            if properties["EnableNetworkIsolation"] != true {
                let ground = subnet.map_or(Ground::Outside, |subnet| Ground::Subnet(reader.text(subnet)));
                work(records, reading, &properties["ExecutionRoleArn"], ground);
            }
        }
        "AWS::SageMaker::NotebookInstance" => {
            let closed = properties["DirectInternetAccess"] == "Disabled";
            let ground = if closed { Ground::Subnet(reader.text(&properties["SubnetId"])) } else { Ground::Outside };
            work(records, reading, &properties["RoleArn"], ground);
        }
        "AWS::Lambda::Function" => {
            let subnet = many(&properties["VpcConfig"]["SubnetIds"]).first();
            let ground = subnet.map_or(Ground::Outside, |subnet| Ground::Subnet(reader.text(subnet)));
            work(records, reading, &properties["Role"], ground);
        }
        _ => {}
    }
}

fn work(records: &mut Records, reading: &Reading<'_>, role: &Value, ground: Ground) {
    if let Some(role) = reading.reader.optional(role) {
        records.works.push(Work { role, ground });
    }
}

/// The key of a bucket's objects; `None` inside where AWS KMS encrypts with the key that AWS keeps.
fn key_of(reading: &Reading<'_>) -> Option<Option<Text>> {
    let rules = many(&reading.properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]).iter();
    let defaults = rules.map(|rule| &rule["ServerSideEncryptionByDefault"]);
    let mut with_key =
        defaults.filter(|default| default["SSEAlgorithm"].as_str().is_some_and(|it| it.starts_with("aws:kms")));
    with_key.next().map(|default| reading.reader.optional(&default["KMSMasterKeyID"]))
}

/// The texts of all queries of a machine.
fn queries(reading: &Reading<'_>) -> Vec<Text> {
    let Reading { reader, properties, .. } = *reading;
    let mut found = Vec::new();
    collect(reading, &properties["Definition"], &mut found);
    if let Some(Text::Known(text)) = reader.optional(&properties["DefinitionString"])
        && let Ok(definition) = serde_json::from_str::<Value>(&text)
    {
        collect(reading, &definition, &mut found);
    }
    found
}

fn collect(reading: &Reading<'_>, value: &Value, found: &mut Vec<Text>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                if name == "QueryString" || name == "QueryString.$" {
                    found.push(reading.reader.text(value));
                } else {
                    collect(reading, value, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(reading, item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
