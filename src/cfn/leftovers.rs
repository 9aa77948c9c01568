//! What stays when a stack goes: by type, and how it is removed by those who want it gone.

/// What a resource of a type leaves behind.
#[derive(Debug, Clone, Copy)]
pub struct Leftover {
    /// The type.
    pub type_name: &'static str,
    /// What stays, and why.
    pub remains: &'static str,
    /// How it is removed.
    pub remove: &'static str,
    /// Where that is written.
    pub source: &'static str,
}

/// Every type that leaves something behind: those that are retained, and those that AWS does not take away whole.
pub const LEFTOVERS: &[Leftover] = &[
    Leftover {
        type_name: "AWS::EC2::Subnet",
        remains: "the subnets: mount targets of Studio's home directories stand in them, and a stack that deleted them would fail",
        remove: "after the file system: `aws ec2 delete-subnet --subnet-id ID`",
        source: "cloudformation-coverage-roadmap#1085, terraform-provider-aws#20986",
    },
    Leftover {
        type_name: "AWS::EC2::VPC",
        remains: "the network, without endpoints and without costs; another address range is another network, beside it",
        remove: "after its subnets and SageMaker's two groups: `aws ec2 delete-vpc --vpc-id ID`",
        source: "cloudformation-coverage-roadmap#1085",
    },
    Leftover {
        type_name: "AWS::Glue::Database",
        remains: "the database `default` alone, which Athena asks for and others in the account may use by now",
        remove: "when it holds no table: `aws glue delete-database --name default`",
        source: "hazard 16",
    },
    Leftover {
        type_name: "AWS::KMS::Key",
        remains: "the key: without it everything that it encrypted is lost",
        remove: "when nothing needs it any more: `aws kms schedule-key-deletion --key-id ID`",
        source: "AWS KMS developer guide, Deleting keys",
    },
    Leftover {
        type_name: "AWS::LakeFormation::DataLakeSettings",
        remains: "the account's administrators and defaults, which other databases of the account rely on",
        remove: "`aws lakeformation put-data-lake-settings` with what the account should have",
        source: "hazard 13",
    },
    Leftover {
        type_name: "AWS::S3::Bucket",
        remains: "the bucket and everything in it",
        remove: "empty it, then `aws s3api delete-bucket --bucket NAME`",
        source: "Amazon S3 user guide, Deleting a bucket",
    },
    Leftover {
        type_name: "AWS::SageMaker::Domain",
        remains: "the EFS file system with people's home directories, its mount targets, and the groups \
                  `security-group-for-inbound-nfs-DOMAIN` and `security-group-for-outbound-nfs-DOMAIN`, which name one another",
        remove: "save what is wanted; `aws efs delete-mount-target` for each, `aws efs delete-file-system` (its tag \
                 `ManagedByAmazonSageMakerResource` names the Domain); revoke the rules of both groups, then \
                 `aws ec2 delete-security-group` for each",
        source: "SageMaker developer guide, Delete a domain; cloudformation-coverage-roadmap#1085",
    },
    Leftover {
        type_name: "AWS::SageMaker::Model",
        remains: "the log group `/aws/sagemaker/TransformJobs`, which SageMaker makes with the first job; inputs and predictions \
                  in the bucket of results for 30 days",
        remove: "`aws logs delete-log-group --log-group-name /aws/sagemaker/TransformJobs`, when no other job writes there",
        source: "SageMaker developer guide, Log groups and streams",
    },
    Leftover {
        type_name: "AWS::SageMaker::UserProfile",
        remains: "the whole stack, for its deletion fails while the profile has applications or spaces; disks of spaces go with them",
        remove: "first: `aws sagemaker delete-app` and `aws sagemaker delete-space` for each, then delete the stack again",
        source: "SageMaker developer guide, Delete a domain",
    },
];

#[cfg(test)]
mod tests {
    use super::LEFTOVERS;
    use crate::cfn::LIFETIMES;

    #[test]
    fn every_retained_type_is_told_and_nothing_that_we_do_not_make() {
        assert!(LEFTOVERS.is_sorted_by_key(|leftover| leftover.type_name));
        let told = |name: &str| LEFTOVERS.iter().any(|leftover| leftover.type_name == name);
        for (name, retained) in LIFETIMES {
            assert!(!retained || told(name), "{name} stays, and the table does not say so");
        }
        for leftover in LEFTOVERS {
            assert!(LIFETIMES.iter().any(|(name, _)| *name == leftover.type_name), "{}", leftover.type_name);
        }
    }
}
