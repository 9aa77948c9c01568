//! The ceiling of every role that the execution role makes, by kind of account. It grants nothing by itself.

use super::execution::AccountKind;
use super::models;
use super::ownership::Owner;
use crate::cfn::iam::{ManagedPolicy, PolicyDocument, Statement};
use crate::cfn::{LogicalId, Template};
use crate::mesh::{Mesh, image_registry};

/// Adds the boundary.
pub(super) fn add(template: &mut Template, mesh: &Mesh, owner: Owner<'_>, kind: AccountKind) {
    let ceiling = Ceiling { mesh, owner };
    let mut statements = ceiling.shared();
    statements.extend(match kind {
        AccountKind::Governance => ceiling.crawling(),
        AccountKind::Producer => ceiling.crawling().into_iter().chain(ceiling.jobs()).collect(),
        AccountKind::Consumer => ceiling.tools().into_iter().chain(models::boundary(mesh, owner)).collect(),
    });
    let policy = ManagedPolicy {
        managed_policy_name: mesh.boundary(),
        path: "/".to_owned(),
        description: format!("The most that a role of the data mesh {} may do", mesh.name),
        policy_document: PolicyDocument::new(statements),
    };
    template.add(LogicalId::new("Boundary"), policy, owner.origin);
}

/// The mesh and the account that a ceiling is of.
struct Ceiling<'a> {
    mesh: &'a Mesh,
    owner: Owner<'a>,
}

impl Ceiling<'_> {
    /// An ARN of the account.
    fn arn(&self, service: &str, rest: &str) -> String {
        let Self { mesh, owner } = self;
        format!("arn:{}:{service}:{}:{}:{rest}", mesh.region.partition(), mesh.region, owner.account)
    }

    /// The first word of the mesh's databases.
    fn word(&self) -> String {
        self.mesh.name.as_str().replace('-', "_")
    }

    /// What roles of every account do: query, read and write the mesh's buckets, start machines, tell buses.
    fn shared(&self) -> Vec<Statement> {
        let (mesh, word) = (self.mesh, self.word());
        let (partition, region, name) = (mesh.region.partition(), &mesh.region, &mesh.name);
        let mut buckets = vec![format!("arn:{partition}:s3:::{}-{name}-*", mesh.tenant)];
        if mesh.deployment.staging.is_some() {
            // scripts of jobs lie there, and its name is the user's
            buckets.push(format!("arn:{partition}:s3:::{}/assets/*", mesh.staging_bucket(self.owner.account)));
        }
        vec![
            Statement::allow("QueryMesh", ["athena:*"]).on([self.arn("athena", &format!("workgroup/{name}-*"))]),
            Statement::allow("ReadMeshCatalog", ["glue:BatchGet*", "glue:Get*"]).on([
                format!("arn:{partition}:glue:{region}:*:catalog"),
                format!("arn:{partition}:glue:{region}:*:database/{word}_*"),
                self.arn("glue", "database/default"),
                format!("arn:{partition}:glue:{region}:*:table/{word}_*/*"),
            ]),
            Statement::allow("ReadMeshData", ["lakeformation:GetDataAccess"]).on(["*"]),
            Statement::allow("UseMeshBuckets", ["s3:*"]).on(buckets),
            Statement::allow("StartMesh", ["states:StartExecution"])
                .on([self.arn("states", &format!("stateMachine:{name}-*"))]),
            Statement::allow("TellMesh", ["events:PutEvents"])
                .on([format!("arn:{partition}:events:{region}:*:event-bus/{name}")]),
            Statement::allow("UseMeshKeys", ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"])
                .on([format!("arn:{partition}:kms:{region}:*:key/*")]),
        ]
    }

    /// Crawlers, in governance and where raw files are.
    fn crawling(&self) -> Vec<Statement> {
        let word = self.word();
        let logs = self.arn("logs", "log-group:/aws-glue/crawlers");
        vec![
            Statement::allow(
                "CrawlMesh",
                [
                    "glue:BatchCreatePartition",
                    "glue:BatchUpdatePartition",
                    "glue:CreatePartition",
                    "glue:CreateTable",
                    "glue:UpdatePartition",
                    "glue:UpdateTable",
                ],
            )
            .on([
                self.arn("glue", "catalog"),
                self.arn("glue", &format!("database/{word}_*")),
                self.arn("glue", &format!("table/{word}_*/*")),
            ]),
            Statement::allow("StartCrawlers", ["glue:StartCrawler"])
                .on([self.arn("glue", &format!("crawler/{}.*", self.mesh.name))]),
            Statement::allow("CrawlLogs", ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"])
                .on([logs.clone(), format!("{logs}:*")]),
        ]
    }

    /// Jobs and quality runs of a producer.
    fn jobs(&self) -> Vec<Statement> {
        let (partition, region, name) = (self.mesh.region.partition(), &self.mesh.region, &self.mesh.name);
        vec![
            Statement::allow("QueryCatalog", ["athena:GetDataCatalog"])
                .on([self.arn("athena", "datacatalog/AwsDataCatalog")]),
            Statement::allow(
                "RunMeshJobs",
                ["glue:BatchStopJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:StartJobRun"],
            )
            .on([self.arn("glue", &format!("job/{name}-*"))]),
            Statement::allow(
                "JudgeMesh",
                [
                    "glue:GetDataQualityResult",
                    "glue:GetDataQualityRuleset",
                    "glue:GetDataQualityRulesetEvaluationRun",
                    "glue:PublishDataQuality",
                    "glue:StartDataQualityRulesetEvaluationRun",
                ],
            )
            .on([self.arn("glue", &format!("dataQualityRuleset/{name}.*"))]),
            Statement::allow("ReadLibraries", ["s3:GetObject"])
                .on([format!("arn:{partition}:s3:::aws-glue-ml-data-quality-assets-{region}/*")]),
            Statement::allow("WriteJobLogs", ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"])
                .on([self.arn("logs", &format!("log-group:/aws/{name}/jobs/*"))]),
            Statement::allow("Measure", ["cloudwatch:PutMetricData"]).on(["*"]).when(
                "StringEquals",
                "cloudwatch:namespace",
                ["Glue"],
            ),
            Statement::allow("PassMeshRoles", ["iam:PassRole"]).on([self.mesh.role_arn(self.owner.account, "*")]).when(
                "StringEquals",
                "iam:PassedToService",
                ["glue.amazonaws.com"],
            ),
        ]
    }

    /// QuickSight and Studio of a consumer, and images.
    fn tools(&self) -> Vec<Statement> {
        let sagemaker = |kind: &str| self.arn("sagemaker", kind);
        let log_groups = ["sagemaker/studio".to_owned(), format!("{}/{}/network", self.mesh.name, self.owner.name)];
        let mut statements = vec![
            Statement::allow(
                "BrowseCatalog",
                [
                    "athena:GetDataCatalog",
                    "athena:GetDatabase",
                    "athena:GetTableMetadata",
                    "athena:ListDatabases",
                    "athena:ListTableMetadata",
                ],
            )
            .on([self.arn("athena", "datacatalog/AwsDataCatalog")]),
            Statement::allow("ListCatalogs", ["athena:ListDataCatalogs"]).on(["*"]),
            Statement::allow("UseStudio", ["sagemaker:*"])
                .on(["app/*", "domain/*", "space/*", "user-profile/*"].map(sagemaker)),
            Statement::allow(
                "ListStudio",
                ["sagemaker:ListApps", "sagemaker:ListDomains", "sagemaker:ListSpaces", "sagemaker:ListUserProfiles"],
            )
            .on(["*"]),
            Statement::allow("WriteLogs", ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"])
                .on(log_groups.map(|group| self.arn("logs", &format!("log-group:/aws/{group}:*")))),
            Statement::allow("ListLogGroups", ["logs:DescribeLogGroups"]).on(["*"]),
            Statement::allow("EncryptDisks", ["kms:CreateGrant", "kms:GenerateDataKeyWithoutPlaintext"])
                .on([self.arn("kms", "key/*")]),
        ];
        let (partition, region) = (self.mesh.region.partition(), &self.mesh.region);
        // Studio's images are AWS's, those of models may be the account's own
        let registries = image_registry(region).into_iter().chain([self.owner.account.as_str()]);
        statements.extend([
            Statement::allow("SignInForImages", ["ecr:GetAuthorizationToken"]).on(["*"]),
            Statement::allow(
                "PullImages",
                ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            )
            .on(registries.map(|registry| format!("arn:{partition}:ecr:{region}:{registry}:repository/*"))),
        ]);
        statements
    }
}
