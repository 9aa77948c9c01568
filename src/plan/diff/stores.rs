//! Which resource types hold data that goes with them, and what is lost.

/// Type and what its removal or replacement loses, sorted by type.
///
/// Catalog entries (`AWS::Glue::Database`, `AWS::Glue::Table`) are not among them: the files stay in S3, and the entries are
/// made again from the contract. Their notes say what goes with them.
pub(in crate::plan) const STORES: &[(&str, &str)] = &[
    ("AWS::Backup::BackupVault", "the recovery points in it"),
    ("AWS::CloudTrail::EventDataStore", "the events in it"),
    ("AWS::DocDB::DBCluster", "the documents in it"),
    ("AWS::DynamoDB::GlobalTable", "the items in it"),
    ("AWS::DynamoDB::Table", "the items in it"),
    ("AWS::EC2::Volume", "the volume's content"),
    ("AWS::ECR::Repository", "the images in it"),
    ("AWS::EFS::FileSystem", "the files in it"),
    ("AWS::ElastiCache::ReplicationGroup", "the data in memory and its snapshots"),
    ("AWS::FSx::FileSystem", "the files in it"),
    ("AWS::KMS::Key", "what it encrypts can no longer be read once it is deleted"),
    ("AWS::KMS::ReplicaKey", "what it encrypts can no longer be read once it is deleted"),
    ("AWS::Kinesis::Stream", "records that are not read yet"),
    ("AWS::Logs::LogGroup", "the logs in it"),
    ("AWS::MSK::Cluster", "the topics in it"),
    ("AWS::Neptune::DBCluster", "the graph in it"),
    ("AWS::NeptuneGraph::Graph", "the graph in it"),
    ("AWS::OpenSearchServerless::Collection", "the indexes in it"),
    ("AWS::OpenSearchService::Domain", "the indexes in it"),
    ("AWS::QLDB::Ledger", "the ledger's journal"),
    ("AWS::RDS::DBCluster", "the databases in it"),
    ("AWS::RDS::DBInstance", "the databases in it"),
    ("AWS::Redshift::Cluster", "the tables in it"),
    ("AWS::RedshiftServerless::Namespace", "the tables in it"),
    ("AWS::S3::Bucket", "the objects in it"),
    ("AWS::S3Tables::Table", "the rows in it"),
    ("AWS::S3Tables::TableBucket", "the tables in it"),
    ("AWS::SQS::Queue", "messages that are not read yet"),
    ("AWS::SageMaker::Domain", "the home directories of its users (EFS) become unreachable through it"),
    ("AWS::SageMaker::FeatureGroup", "the features in its online store"),
    ("AWS::SecretsManager::Secret", "the secret's value"),
    ("AWS::Timestream::Database", "the tables in it"),
    ("AWS::Timestream::Table", "the records in it"),
];

/// What is lost with a resource of a type; none for types that hold no data.
pub(in crate::plan) fn lost_with(resource_type: &str) -> Option<&'static str> {
    let at = STORES.binary_search_by(|(name, _)| (*name).cmp(resource_type)).ok()?;
    Some(STORES[at].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_every_type_is_found() {
        assert!(STORES.is_sorted());
        for (name, _) in STORES {
            assert!(lost_with(name).is_some(), "{name}");
        }
        for name in ["AWS::Glue::Table", "AWS::IAM::Role", "AWS::S3::BucketPolicy", ""] {
            assert_eq!(lost_with(name), None, "{name}");
        }
    }
}
