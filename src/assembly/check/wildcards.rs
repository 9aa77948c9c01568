//! Wildcards that policies may have, each with its reason.

/// A `*` that is taken on knowingly.
#[derive(Debug, Clone, Copy)]
pub struct Exception {
    /// Type of the resource that holds the policy; empty for any.
    pub holder: &'static str,
    /// Statement id; empty for any.
    pub sid: &'static str,
    /// The action or resource, with `…` for one or more characters without `*`, `?` or `:`.
    pub pattern: &'static str,
    /// Why it is right.
    pub reason: &'static str,
}

/// Every `*` that an Allow statement may have. A test shows that each entry is used; the docs list them.
pub const EXCEPTIONS: &[Exception] = &[
    Exception {
        holder: "AWS::KMS::Key",
        sid: "AccountRoot",
        pattern: "kms:*",
        reason: "a key policy without the account's root can lock everyone out of the key for ever (AWS KMS, default key policy)",
    },
    Exception {
        holder: "AWS::KMS::Key",
        sid: "",
        pattern: "*",
        reason: "in a key policy the resource `*` is the key itself",
    },
    Exception {
        holder: "",
        sid: "",
        pattern: "arn:…:s3:::…/*",
        reason: "all objects below one prefix of one bucket, or of one bucket",
    },
    Exception {
        holder: "AWS::IAM::Role",
        sid: "ReadCatalog",
        pattern: "arn:…:glue:…:…:table/…/*",
        reason: "all tables of one named database; Lake Formation decides which",
    },
    Exception {
        holder: "AWS::IAM::Role",
        sid: "ReadData",
        pattern: "*",
        reason: "lakeformation:GetDataAccess has no resources (service authorization reference); the grants decide",
    },
    Exception {
        holder: "",
        sid: "ListCatalogs",
        pattern: "*",
        reason: "athena:ListDataCatalogs has no resources (service authorization reference); it reads names only",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "QueryMesh",
        pattern: "athena:*",
        reason: "a boundary grants nothing; under it each role names its actions",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "QueryMesh",
        pattern: "arn:…:athena:…:…:workgroup/…-*",
        reason: "the mesh's workgroups begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "ReadMeshCatalog",
        pattern: "glue:BatchGet*",
        reason: "a boundary grants nothing; under it each role names its actions",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "ReadMeshCatalog",
        pattern: "glue:Get*",
        reason: "a boundary grants nothing; under it each role names its actions",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "ReadMeshCatalog",
        pattern: "arn:…:glue:…:*:catalog",
        reason: "the catalogs of the mesh are in many accounts; their owners' grants decide",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "ReadMeshCatalog",
        pattern: "arn:…:glue:…:*:database/…_*",
        reason: "the mesh's databases begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "ReadMeshCatalog",
        pattern: "arn:…:glue:…:*:table/…_*/*",
        reason: "the mesh's databases begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "ReadMeshData",
        pattern: "*",
        reason: "lakeformation:GetDataAccess has no resources; a boundary grants nothing",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "UseMeshBuckets",
        pattern: "s3:*",
        reason: "a boundary grants nothing; under it each role names its actions",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "UseMeshBuckets",
        pattern: "arn:…:s3:::…-*",
        reason: "the mesh's buckets begin with the tenant's and its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "UseMeshKeys",
        pattern: "arn:…:kms:…:*:key/*",
        reason: "AWS makes the ids of keys; the keys' own policies decide",
    },
    Exception {
        holder: "AWS::IAM::Role",
        sid: "ReadStacks",
        pattern: "arn:…:cloudformation:…:…:stack/…-*/*",
        reason: "the mesh's stacks begin with its name; AWS makes the rest of the ARN",
    },
    Exception {
        holder: "AWS::IAM::Role",
        sid: "Stacks",
        pattern: "arn:…:cloudformation:…:…:stack/…-*/*",
        reason: "the mesh's stacks begin with its name; AWS makes the rest of the ARN",
    },
    Exception {
        holder: "AWS::IAM::Role",
        sid: "FollowDetections",
        pattern: "*",
        reason: "cloudformation:DescribeStackDriftDetectionStatus has no resources: a detection is named by its id alone (service authorization reference)",
    },
    Exception {
        holder: "AWS::IAM::Role",
        sid: "ReadLimits",
        pattern: "*",
        reason: "cloudformation:DescribeAccountLimits has no resources (service authorization reference); it reads three numbers",
    },
    Exception {
        holder: "AWS::IAM::Role",
        sid: "ListStacks",
        pattern: "*",
        reason: "cloudformation:ListStacks has no resources (service authorization reference); it reads names only",
    },
    Exception {
        holder: "AWS::IAM::Role",
        sid: "ReadGrants",
        pattern: "*",
        reason: "Lake Formation's actions have no resources (service authorization reference); these read only",
    },
    Exception {
        holder: "AWS::IAM::Role",
        sid: "ReadCatalogs",
        pattern: "arn:…:glue:…:…:database/…_*",
        reason: "the mesh's databases begin with its name",
    },
    Exception {
        holder: "AWS::IAM::Role",
        sid: "ReadCatalogs",
        pattern: "arn:…:glue:…:…:table/…_*/*",
        reason: "the mesh's databases begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "Roles",
        pattern: "arn:…:iam::…:role/…/*",
        reason: "the roles that the mesh makes lie under its path",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "RolesUnderBoundary",
        pattern: "arn:…:iam::…:role/…/*",
        reason: "the roles that the mesh makes lie under its path, and only with its boundary",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "PassRoles",
        pattern: "arn:…:iam::…:role/…/*",
        reason: "the roles that the mesh makes lie under its path",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "Catalog",
        pattern: "arn:…:glue:…:…:database/…_*",
        reason: "the mesh's databases begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "Catalog",
        pattern: "arn:…:glue:…:…:table/…_*/*",
        reason: "the mesh's databases begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "SharedCatalog",
        pattern: "arn:…:glue:…:…:database/…_*",
        reason: "the mesh's databases begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "SharedCatalog",
        pattern: "arn:…:glue:…:…:table/…_*/*",
        reason: "the mesh's databases begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "LakeFormation",
        pattern: "*",
        reason: "Lake Formation's actions have no resources (service authorization reference)",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "Workgroups",
        pattern: "arn:…:athena:…:…:workgroup/…-*",
        reason: "the mesh's workgroups begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "CreateShares",
        pattern: "*",
        reason: "a share has no ARN before it is made; the types are limited by condition (AWSLakeFormationCrossAccountManager)",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "ChangeShares",
        pattern: "*",
        reason: "Lake Formation names the shares; limited to its own by condition (AWSLakeFormationCrossAccountManager)",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "ReadShares",
        pattern: "*",
        reason: "these read only and have no narrower resource (AWSLakeFormationCrossAccountManager)",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "Buckets",
        pattern: "arn:…:s3:::…-*",
        reason: "the mesh's buckets begin with the tenant's and its name; no action on objects is among these",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "NewKeys",
        pattern: "*",
        reason: "a key has no ARN before it is made",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "Keys",
        pattern: "arn:…:kms:…:…:key/*",
        reason: "AWS makes the ids of keys; using them is not among these actions",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "Keys",
        pattern: "arn:…:kms:…:…:alias/…/*",
        reason: "the mesh's aliases begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "NewDataSources",
        pattern: "*",
        reason: "these two actions have no resources (service authorization reference of QuickSight)",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "DataSources",
        pattern: "arn:…:quicksight:…:…:dataset/…-*",
        reason: "the mesh's data sets begin with its name; schedules and ingestions lie below them",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "DataSources",
        pattern: "arn:…:quicksight:…:…:datasource/…-*",
        reason: "the mesh's data sources begin with its name",
    },
    Exception {
        holder: "AWS::EC2::VPCEndpoint",
        sid: "",
        pattern: "…:*",
        reason: "an endpoint's policy grants nothing; who passes is in its condition, what they may do in their roles",
    },
    Exception {
        holder: "AWS::EC2::VPCEndpoint",
        sid: "",
        pattern: "*",
        reason: "an endpoint's policy grants nothing; its condition names the accounts",
    },
    Exception {
        holder: "AWS::EC2::VPCEndpoint",
        sid: "OwnStudio",
        pattern: "arn:…:sagemaker:…:…:…/*",
        reason: "a browser's request has no principal; the applications and profiles of this account are the limit",
    },
    Exception {
        holder: "AWS::IAM::RolePolicy",
        sid: "",
        pattern: "arn:…:sagemaker:…:…:…/*",
        reason: "the applications, spaces and profiles of one Domain",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "",
        pattern: "arn:…:sagemaker:…:…:…/*",
        reason: "AWS makes the ids of Domains and names of models; only kinds and the account can be named",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "UseStudio",
        pattern: "sagemaker:*",
        reason: "a boundary grants nothing; under it each role names its actions",
    },
    Exception {
        holder: "",
        sid: "ListStudio",
        pattern: "*",
        reason: "these list names only and have no resources (AmazonSageMakerFullAccess allows them so)",
    },
    Exception {
        holder: "",
        sid: "SignInForImages",
        pattern: "*",
        reason: "ecr:GetAuthorizationToken has no resources (service authorization reference)",
    },
    Exception {
        holder: "",
        sid: "PullImages",
        pattern: "arn:…:ecr:…:…:repository/*",
        reason: "all images of the registry that AWS publishes them in, and of a consumer's own; pulling only",
    },
    Exception {
        holder: "",
        sid: "ListLogGroups",
        pattern: "*",
        reason: "names of log groups alone; flow logs ask for it (Amazon VPC user guide, flow logs to CloudWatch Logs)",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "StudioLog",
        pattern: "arn:…:logs:…:…:log-group:…:*",
        reason: "the streams of one log group",
    },
    Exception {
        holder: "",
        sid: "WriteLogs",
        pattern: "arn:…:logs:…:…:log-group:…:*",
        reason: "the streams of one log group",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "EncryptDisks",
        pattern: "arn:…:kms:…:…:key/*",
        reason: "AWS makes the ids of keys; under this boundary each role names its key",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "GrantKeysToServices",
        pattern: "arn:…:kms:…:…:key/*",
        reason: "AWS makes the ids of keys; only grants that services hold, by condition",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "NetworkParts",
        pattern: "arn:…:ec2:…:…:…/*",
        reason: "AWS makes the ids of what a network is made of; only kinds and the account can be named",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "ReadNetworks",
        pattern: "*",
        reason: "EC2's Describe actions have no resources (service authorization reference)",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "PrivateNames",
        pattern: "arn:…:route53:::hostedzone/*",
        reason: "the zones of private names are AWS's own, with ids that nobody else knows",
    },
    Exception {
        holder: "AWS::Events::EventBusPolicy",
        sid: "Organization",
        pattern: "everyone",
        reason: "only under aws:PrincipalOrgID: naming each account would pass the size of a bus's policy",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "StartMesh",
        pattern: "arn:…:states:…:…:stateMachine:…-*",
        reason: "the mesh's state machines begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "TellMesh",
        pattern: "arn:…:events:…:*:event-bus/…",
        reason: "the mesh's buses are in many accounts and bear its name; each bus's policy decides",
    },
    Exception {
        holder: "AWS::IAM::Role",
        sid: "CrawlCatalog",
        pattern: "arn:…:glue:…:…:table/…/*",
        reason: "all tables of one named database; the grants name the tables that a crawler may change",
    },
    Exception {
        holder: "AWS::IAM::Role",
        sid: "ReadRawCatalog",
        pattern: "arn:…:glue:…:…:table/…/*",
        reason: "all tables that a crawler makes of one product's raw files; only the owner is granted them",
    },
    Exception {
        holder: "",
        sid: "CrawlLogs",
        pattern: "arn:…:logs:…:…:log-group:/aws-glue/crawlers:*",
        reason: "the streams of the log group that AWS Glue keeps for crawlers, one named by each crawler",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "CrawlMesh",
        pattern: "arn:…:glue:…:…:database/…_*",
        reason: "the mesh's databases begin with its name; a boundary grants nothing",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "CrawlMesh",
        pattern: "arn:…:glue:…:…:table/…_*/*",
        reason: "the mesh's databases begin with its name; a boundary grants nothing",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "StartCrawlers",
        pattern: "arn:…:glue:…:…:crawler/….*",
        reason: "the mesh's crawlers begin with its name; a boundary grants nothing",
    },
    Exception {
        holder: "AWS::IAM::Role",
        sid: "StartMachines",
        pattern: "arn:…:states:…:…:stateMachine:…-*",
        reason: "the mesh's state machines of one account; starting one is all that the role may do",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "Catalog",
        pattern: "arn:…:glue:…:…:crawler/….*",
        reason: "the mesh's crawlers begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "Catalog",
        pattern: "arn:…:glue:…:…:dataQualityRuleset/….*",
        reason: "the mesh's rulesets begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "Catalog",
        pattern: "arn:…:glue:…:…:job/…-*",
        reason: "the mesh's jobs begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "Events",
        pattern: "arn:…:events:…:…:rule/…-*",
        reason: "the mesh's rules begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "Events",
        pattern: "arn:…:events:…:…:rule/…/…-*",
        reason: "the mesh's rules on its own bus begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "Machines",
        pattern: "arn:…:states:…:…:stateMachine:…-*",
        reason: "the mesh's state machines begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "Topics",
        pattern: "arn:…:sns:…:…:…-*",
        reason: "the mesh's topics begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "Schedules",
        pattern: "arn:…:scheduler:…:…:schedule-group/…-*",
        reason: "the mesh's groups of schedules begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "Schedules",
        pattern: "arn:…:scheduler:…:…:schedule/…-*/*",
        reason: "all schedules of the mesh's groups, which begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "Alarms",
        pattern: "arn:…:cloudwatch:…:…:alarm:…-*",
        reason: "the mesh's alarms begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "LogGroups",
        pattern: "arn:…:logs:…:…:log-group:/aws/…/*",
        reason: "the mesh's log groups begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "LogGroups",
        pattern: "arn:…:logs:…:…:log-group:/aws/…/*:*",
        reason: "the streams of the mesh's log groups",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "Listing",
        pattern: "*",
        reason: "these have no narrower resources (service authorization references of CloudWatch Logs and SNS)",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "RunMeshJobs",
        pattern: "arn:…:glue:…:…:job/…-*",
        reason: "the mesh's jobs begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "JudgeMesh",
        pattern: "arn:…:glue:…:…:dataQualityRuleset/….*",
        reason: "the mesh's rulesets begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "WriteJobLogs",
        pattern: "arn:…:logs:…:…:log-group:/aws/…/jobs/*",
        reason: "the log groups of the mesh's jobs begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "PassMeshRoles",
        pattern: "arn:…:iam::…:role/…/*",
        reason: "the mesh's roles lie under its path; only to Glue, and a boundary grants nothing",
    },
    Exception {
        holder: "",
        sid: "Measure",
        pattern: "*",
        reason: "cloudwatch:PutMetricData has no resources; limited to Glue's namespace by condition",
    },
    Exception {
        holder: "AWS::IAM::Role",
        sid: "WriteLogs",
        pattern: "arn:…:logs:…:…:log-group:/aws/…/jobs/…:*",
        reason: "the streams of the log groups of one job",
    },
    Exception {
        holder: "AWS::IAM::Role",
        sid: "Judge",
        pattern: "arn:…:glue:…:…:dataQualityRuleset/….*",
        reason: "the rulesets of one domain, whose names begin with its own",
    },
    Exception {
        holder: "AWS::IAM::Role",
        sid: "EvaluateRules",
        pattern: "arn:…:glue:…:…:dataQualityRuleset/….*",
        reason: "the rulesets of one domain, whose names begin with its own",
    },
    Exception {
        holder: "AWS::IAM::Role",
        sid: "Predict",
        pattern: "arn:…:sagemaker:…:…:transform-job/…-*",
        reason: "the transform jobs of one model, whose names begin with the mesh's and its own",
    },
    Exception {
        holder: "",
        sid: "JoinNetwork",
        pattern: "arn:…:ec2:…:…:…/*",
        reason: "AWS makes the ids of interfaces; a role names the subnets and the group that they may be made in",
    },
    Exception {
        holder: "",
        sid: "LookAtNetwork",
        pattern: "*",
        reason: "EC2's Describe actions have no resources (service authorization reference)",
    },
    Exception {
        holder: "",
        sid: "TransformLogs",
        pattern: "arn:…:logs:…:…:log-group:/aws/sagemaker/TransformJobs:*",
        reason: "the streams of the one log group that SageMaker keeps for transform jobs",
    },
    Exception {
        holder: "",
        sid: "MeasureTransforms",
        pattern: "*",
        reason: "cloudwatch:PutMetricData has no resources; limited to the namespace of transform jobs by condition",
    },
];

impl Exception {
    /// Whether this exception allows a text with a `*`.
    pub(super) fn covers(&self, holder: &str, sid: &str, text: &str) -> bool {
        (self.holder.is_empty() || self.holder == holder)
            && (self.sid.is_empty() || self.sid == sid)
            && fits(self.pattern, text)
    }
}

/// Whether a text fits a pattern in which `…` stands for one or more characters, none of them `*`, `?` or `:`.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('…') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            let run = text.find(['*', '?', ':']).unwrap_or(text.len());
            (1..=run).filter(|end| text.is_char_boundary(*end)).any(|end| fits(rest, &text[end..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::policies::{statements, wildcards};
    use super::{EXCEPTIONS, Exception, fits};
    use crate::assembly::Document;
    use crate::environment::load;
    use crate::mesh::resolve;
    use crate::stacks::synthesize;
    use std::path::Path;

    /// Statements of an environment: the type of the holder, the statement id, a text with a wildcard.
    fn wildcards_of(environment: &str) -> Vec<(String, String, String)> {
        let loaded =
            load(&Path::new(env!("CARGO_MANIFEST_DIR")).join(environment)).expect("the environment can be read");
        let mesh = resolve(&loaded.source, None).mesh.expect("it is a mesh");
        let mut found = Vec::new();
        for document in Document::all(&synthesize(&mesh)) {
            for (_, type_name, entry) in document.resources() {
                for statement in statements(&entry["Properties"]) {
                    let sid = statement["Sid"].as_str().unwrap_or_default();
                    let texts = wildcards(&statement)
                        .into_iter()
                        .map(|(_, text)| (type_name.to_owned(), sid.to_owned(), text.to_owned()));
                    found.extend(texts);
                }
            }
        }
        found
    }

    #[test]
    fn every_exception_is_used_by_the_demo_or_by_models_which_it_has_none_of() {
        let found = ["environments/demo", "tests/fixtures/valid/models"].map(wildcards_of).concat();
        let is_unused =
            |exception: &&Exception| !found.iter().any(|(holder, sid, text)| exception.covers(holder, sid, text));
        let unused: Vec<_> =
            EXCEPTIONS.iter().filter(is_unused).map(|exception| (exception.sid, exception.pattern)).collect();
        assert_eq!(unused, []);
    }

    #[test]
    fn every_exception_has_a_reason_of_its_own_words() {
        for exception in EXCEPTIONS {
            assert!(exception.reason.split(' ').count() > 4, "{}", exception.reason);
        }
    }

    #[test]
    fn an_ellipsis_covers_no_star_and_no_colon() {
        assert!(fits("arn:…:s3:::…/*", "arn:aws:s3:::acme-demo-sales-data-444444444444/products/*"));
        assert!(!fits("arn:…:s3:::…/*", "arn:aws:s3:::*/*"));
        assert!(!fits("arn:…:s3:::…-*", "arn:aws:s3:::*"));
        assert!(!fits("arn:…:s3:::…-*", "arn:aws:s3:::-*"));
        assert!(!fits("arn:…:s3:::…/*", "arn:aws:s3:::?/*"));
        assert!(!fits("arn:…:iam::…:role/…/*", "arn:aws:iam::*:role/demo/*"));
    }
}
