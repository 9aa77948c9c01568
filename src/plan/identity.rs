//! What a resource is in its service: two entries of one identity are one thing, whatever their logical ids.

use crate::cfn::schema;
use serde_json::Value;

/// Identities that AWS's schemas do not tell, since their primary identifier is made by the service: the properties that
/// decide it all the same. Source: the services' rules on unique names, and for grants and associations their create-only
/// properties (CloudFormation resource reference of each type).
const BY_PROPERTY: &[(&str, &[&str])] = &[
    ("AWS::EC2::Subnet", &["/VpcId", "/CidrBlock"]),
    ("AWS::EC2::SubnetRouteTableAssociation", &["/SubnetId"]),
    ("AWS::EC2::VPCEndpoint", &["/VpcId", "/ServiceName"]),
    ("AWS::Events::Rule", &["/Name"]),
    ("AWS::Glue::Database", &["/DatabaseInput/Name"]),
    ("AWS::Glue::Table", &["/DatabaseName", "/TableInput/Name"]),
    ("AWS::IAM::ManagedPolicy", &["/ManagedPolicyName"]),
    ("AWS::LakeFormation::PrincipalPermissions", &["/Principal", "/Resource"]),
    ("AWS::LakeFormation::Resource", &["/ResourceArn"]),
    ("AWS::LakeFormation::TagAssociation", &["/Resource"]),
    ("AWS::SNS::Subscription", &["/TopicArn", "/Protocol", "/Endpoint"]),
    ("AWS::SNS::Topic", &["/TopicName"]),
    ("AWS::SageMaker::Model", &["/ModelName"]),
    ("AWS::StepFunctions::StateMachine", &["/StateMachineName"]),
];

/// The values that decide what a resource is; `None` where the service makes up its name.
pub(super) fn identity(entry: &Value) -> Option<(&str, Vec<&Value>)> {
    let kind = entry["Type"].as_str()?;
    let properties = &entry["Properties"];
    let own = BY_PROPERTY.iter().find(|(name, _)| *name == kind).map(|(_, pointers)| *pointers);
    let values: Option<Vec<&Value>> = match own {
        Some(pointers) => pointers.iter().map(|pointer| properties.pointer(pointer)).collect(),
        None => schema::of(kind)?.primary_identifier().iter().map(|pointer| properties.pointer(pointer)).collect(),
    };
    values.filter(|values| !values.is_empty()).map(|values| (kind, values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_grant_is_its_principal_and_its_resource() {
        let grant = |principal: &str, permission: &str| {
            json!({"Type": "AWS::LakeFormation::PrincipalPermissions", "Properties": {
                "Principal": {"DataLakePrincipalIdentifier": principal},
                "Resource": {"Database": {"Name": "d"}}, "Permissions": [permission]}})
        };
        assert_eq!(identity(&grant("a", "SELECT")), identity(&grant("a", "DESCRIBE")));
        assert_ne!(identity(&grant("a", "SELECT")), identity(&grant("b", "SELECT")));
    }

    #[test]
    fn a_name_that_the_service_makes_up_is_no_identity() {
        assert_eq!(identity(&json!({"Type": "AWS::KMS::Key", "Properties": {}})), None);
        let bucket = json!({"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "b"}});
        assert_eq!(identity(&bucket), Some(("AWS::S3::Bucket", vec![&json!("b")])));
        assert_eq!(identity(&json!({"Type": "AWS::S3::Bucket", "Properties": {}})), None);
        assert_eq!(identity(&json!({"Type": "Custom::Thing"})), None);
    }
}
