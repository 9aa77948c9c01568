"""Which IAM actions each resource type needs, per verb: the least set, picked by hand.

Source: `handlers.<verb>.permissions` of the CloudFormation registry schemas (as bundled in cfn-lint 1.58.0). Those
lists are the most that a handler may ever call (38 for a bucket), so asking for all of them would refuse good
least-privilege roles. The self-test checks that every set below is a subset of its schema's list.
`NO_SCHEMA_LIST` names the types whose schema has no such list: hand-written from the API documentation.

An action written `action?Property` is needed only when that property is set, `action@*` is asked on `*` instead of
the ARN (what is being created has no ARN yet). Several ARNs, separated by a space, must all allow. `{Name}` in an ARN
is a property, `{Name=default}` the same with a value for when it is not set, `{role:Name}` the path and name of the
role that a property names, `{rule}` a rule behind its bus; what is not set is the physical id, or the name
CloudFormation would make up.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Needs:
    """What one resource type asks of the role that makes it."""

    arn: str
    create: tuple[str, ...]
    update: tuple[str, ...]
    delete: tuple[str, ...]
    # (path to the property that holds a role, the service that will assume it)
    passes: tuple[tuple[str, str], ...] = field(default=())


NO_SCHEMA_LIST = frozenset({"AWS::LakeFormation::DataLakeSettings", "AWS::LakeFormation::Resource"})

_LF = "lakeformation:"
_GLUE = "arn:aws:glue:{region}:{account}:"

NEEDS: dict[str, Needs] = {
    # Lake Formation has no resource-level permissions for these actions.
    "AWS::LakeFormation::DataLakeSettings": Needs(
        "*",
        (_LF + "PutDataLakeSettings", _LF + "GetDataLakeSettings"),
        (_LF + "PutDataLakeSettings", _LF + "GetDataLakeSettings"),
        (_LF + "PutDataLakeSettings",),
    ),
    "AWS::LakeFormation::Resource": Needs(
        "*",
        (_LF + "RegisterResource",),
        (_LF + "UpdateResource",),
        (_LF + "DeregisterResource",),
        (("RoleArn", "lakeformation.amazonaws.com"),),
    ),
    "AWS::LakeFormation::Tag": Needs(
        "*", (_LF + "CreateLFTag", _LF + "GetLFTag"), (_LF + "UpdateLFTag", _LF + "GetLFTag"), (_LF + "DeleteLFTag",)
    ),
    "AWS::LakeFormation::TagAssociation": Needs(
        "*", (_LF + "AddLFTagsToResource", _LF + "GetResourceLFTags"), (), (_LF + "RemoveLFTagsFromResource",)
    ),
    "AWS::LakeFormation::PrincipalPermissions": Needs(
        "*",
        (_LF + "GrantPermissions", _LF + "ListPermissions"),
        (),
        (_LF + "RevokePermissions", _LF + "ListPermissions"),
    ),
    "AWS::Glue::Database": Needs(
        _GLUE + "catalog " + _GLUE + "database/{DatabaseInput.Name}",
        ("glue:CreateDatabase", "glue:GetDatabase"),
        ("glue:UpdateDatabase",),
        ("glue:DeleteDatabase",),
    ),
    "AWS::Glue::Table": Needs(
        _GLUE + "catalog " + _GLUE + "database/{DatabaseName} " + _GLUE + "table/{DatabaseName}/{TableInput.Name}",
        ("glue:CreateTable", "glue:GetTable"),
        ("glue:UpdateTable",),
        ("glue:DeleteTable",),
    ),
    "AWS::Glue::Crawler": Needs(
        _GLUE + "crawler/{Name}",
        ("glue:CreateCrawler", "glue:TagResource?Tags"),
        ("glue:UpdateCrawler",),
        ("glue:DeleteCrawler",),
        (("Role", "glue.amazonaws.com"),),
    ),
    "AWS::Glue::Job": Needs(
        _GLUE + "job/{Name}",
        ("glue:CreateJob", "glue:TagResource?Tags"),
        ("glue:UpdateJob",),
        ("glue:DeleteJob",),
        (("Role", "glue.amazonaws.com"),),
    ),
    "AWS::Glue::Trigger": Needs(
        _GLUE + "trigger/{Name}", ("glue:CreateTrigger",), ("glue:UpdateTrigger",), ("glue:DeleteTrigger",)
    ),
    "AWS::Glue::DataQualityRuleset": Needs(
        _GLUE + "dataQualityRuleset/{Name}",
        ("glue:CreateDataQualityRuleset", "glue:TagResource?Tags"),
        ("glue:UpdateDataQualityRuleset",),
        ("glue:DeleteDataQualityRuleset",),
    ),
    # IAM knows no resource type for security configurations.
    "AWS::Glue::SecurityConfiguration": Needs(
        "*", ("glue:CreateSecurityConfiguration",), (), ("glue:DeleteSecurityConfiguration",)
    ),
    "AWS::S3::Bucket": Needs(
        "arn:aws:s3:::{BucketName}",
        (
            "s3:CreateBucket",
            "s3:PutBucketTagging?Tags",
            "s3:PutEncryptionConfiguration?BucketEncryption",
            "s3:PutBucketPublicAccessBlock?PublicAccessBlockConfiguration",
            "s3:PutBucketVersioning?VersioningConfiguration",
            "s3:PutBucketOwnershipControls?OwnershipControls",
            "s3:PutLifecycleConfiguration?LifecycleConfiguration",
            "s3:PutBucketLogging?LoggingConfiguration",
            "s3:PutBucketNotification?NotificationConfiguration",
        ),
        (),
        ("s3:DeleteBucket",),
    ),
    "AWS::S3::BucketPolicy": Needs(
        "arn:aws:s3:::{Bucket}",
        ("s3:PutBucketPolicy", "s3:GetBucketPolicy"),
        ("s3:PutBucketPolicy",),
        ("s3:DeleteBucketPolicy",),
    ),
    "AWS::KMS::Key": Needs(
        "arn:aws:kms:{region}:{account}:key/{id}",
        ("kms:CreateKey@*", "kms:PutKeyPolicy", "kms:EnableKeyRotation?EnableKeyRotation", "kms:TagResource?Tags"),
        ("kms:DescribeKey", "kms:PutKeyPolicy"),
        ("kms:ScheduleKeyDeletion",),
    ),
    "AWS::KMS::Alias": Needs(
        "arn:aws:kms:{region}:{account}:{AliasName}", ("kms:CreateAlias",), ("kms:UpdateAlias",), ("kms:DeleteAlias",)
    ),
    "AWS::IAM::Role": Needs(
        "arn:aws:iam::{account}:role{Path}{RoleName}",
        ("iam:CreateRole", "iam:PutRolePolicy?Policies", "iam:AttachRolePolicy?ManagedPolicyArns", "iam:TagRole?Tags"),
        ("iam:UpdateAssumeRolePolicy", "iam:PutRolePolicy?Policies", "iam:AttachRolePolicy?ManagedPolicyArns"),
        ("iam:DeleteRole", "iam:DeleteRolePolicy?Policies", "iam:DetachRolePolicy?ManagedPolicyArns"),
    ),
    "AWS::IAM::Policy": Needs(
        "arn:aws:iam::{account}:role{role:Roles.0}",
        ("iam:PutRolePolicy",),
        ("iam:PutRolePolicy",),
        ("iam:DeleteRolePolicy",),
    ),
    "AWS::IAM::RolePolicy": Needs(
        "arn:aws:iam::{account}:role{role:RoleName}",
        ("iam:PutRolePolicy",),
        ("iam:PutRolePolicy",),
        ("iam:DeleteRolePolicy",),
    ),
    "AWS::IAM::ManagedPolicy": Needs(
        "arn:aws:iam::{account}:policy{Path}{ManagedPolicyName}",
        ("iam:CreatePolicy",),
        ("iam:CreatePolicyVersion",),
        ("iam:DeletePolicy",),
    ),
    "AWS::IAM::InstanceProfile": Needs(
        "arn:aws:iam::{account}:instance-profile/{InstanceProfileName}",
        ("iam:CreateInstanceProfile",),
        (),
        ("iam:DeleteInstanceProfile",),
    ),
    "AWS::Athena::WorkGroup": Needs(
        "arn:aws:athena:{region}:{account}:workgroup/{Name}",
        ("athena:CreateWorkGroup", "athena:TagResource?Tags"),
        ("athena:UpdateWorkGroup",),
        ("athena:DeleteWorkGroup",),
    ),
    "AWS::Athena::NamedQuery": Needs(
        "arn:aws:athena:{region}:{account}:workgroup/{WorkGroup}",
        ("athena:CreateNamedQuery",),
        (),
        ("athena:DeleteNamedQuery",),
    ),
    "AWS::Events::EventBus": Needs(
        "arn:aws:events:{region}:{account}:event-bus/{Name}",
        ("events:CreateEventBus", "events:TagResource?Tags", "events:PutPermission?Policy"),
        ("events:TagResource?Tags", "events:PutPermission?Policy"),
        ("events:DeleteEventBus",),
    ),
    "AWS::Events::EventBusPolicy": Needs(
        "arn:aws:events:{region}:{account}:event-bus/{EventBusName=default}",
        ("events:PutPermission",),
        ("events:PutPermission",),
        ("events:RemovePermission",),
    ),
    "AWS::Events::Rule": Needs(
        "arn:aws:events:{region}:{account}:rule/{rule}",
        ("events:PutRule", "events:PutTargets?Targets", "events:TagResource?Tags"),
        ("events:PutRule", "events:PutTargets?Targets", "events:TagResource?Tags"),
        ("events:DeleteRule", "events:RemoveTargets?Targets"),
        (("Targets.*.RoleArn", "events.amazonaws.com"),),
    ),
    "AWS::Scheduler::Schedule": Needs(
        "arn:aws:scheduler:{region}:{account}:schedule/{GroupName=default}/{Name}",
        ("scheduler:CreateSchedule",),
        ("scheduler:UpdateSchedule",),
        ("scheduler:DeleteSchedule",),
        (("Target.RoleArn", "scheduler.amazonaws.com"),),
    ),
    "AWS::Scheduler::ScheduleGroup": Needs(
        "arn:aws:scheduler:{region}:{account}:schedule-group/{Name}",
        ("scheduler:CreateScheduleGroup", "scheduler:TagResource?Tags"),
        ("scheduler:TagResource?Tags",),
        ("scheduler:DeleteScheduleGroup",),
    ),
    "AWS::SNS::Topic": Needs(
        "arn:aws:sns:{region}:{account}:{TopicName}",
        ("sns:CreateTopic", "sns:TagResource?Tags"),
        ("sns:SetTopicAttributes",),
        ("sns:DeleteTopic",),
    ),
    "AWS::SNS::Subscription": Needs(
        "{TopicArn}", ("sns:Subscribe",), ("sns:SetSubscriptionAttributes",), ("sns:Unsubscribe",)
    ),
    "AWS::SNS::TopicPolicy": Needs(
        "{Topics.0}", ("sns:SetTopicAttributes",), ("sns:SetTopicAttributes",), ("sns:SetTopicAttributes",)
    ),
    "AWS::SQS::Queue": Needs(
        "arn:aws:sqs:{region}:{account}:{QueueName}",
        ("sqs:CreateQueue", "sqs:TagQueue?Tags"),
        ("sqs:SetQueueAttributes",),
        ("sqs:DeleteQueue",),
    ),
    "AWS::SQS::QueuePolicy": Needs(
        "arn:aws:sqs:{region}:{account}:{Queues.0}",
        ("sqs:SetQueueAttributes",),
        ("sqs:SetQueueAttributes",),
        ("sqs:SetQueueAttributes",),
    ),
    "AWS::StepFunctions::StateMachine": Needs(
        "arn:aws:states:{region}:{account}:stateMachine:{StateMachineName}",
        ("states:CreateStateMachine", "states:TagResource?Tags"),
        ("states:UpdateStateMachine",),
        ("states:DeleteStateMachine",),
        (("RoleArn", "states.amazonaws.com"),),
    ),
    "AWS::Lambda::Function": Needs(
        "arn:aws:lambda:{region}:{account}:function:{FunctionName}",
        ("lambda:CreateFunction", "lambda:TagResource?Tags"),
        ("lambda:UpdateFunctionConfiguration",),
        ("lambda:DeleteFunction",),
        (("Role", "lambda.amazonaws.com"),),
    ),
    "AWS::Lambda::Permission": Needs(
        "arn:aws:lambda:{region}:{account}:function:{FunctionName}",
        ("lambda:AddPermission",),
        (),
        ("lambda:RemovePermission",),
    ),
    "AWS::Lambda::EventSourceMapping": Needs(
        "*",
        ("lambda:CreateEventSourceMapping",),
        ("lambda:UpdateEventSourceMapping",),
        ("lambda:DeleteEventSourceMapping",),
    ),
    "AWS::Logs::LogGroup": Needs(
        "arn:aws:logs:{region}:{account}:log-group:{LogGroupName}",
        ("logs:CreateLogGroup", "logs:PutRetentionPolicy?RetentionInDays", "logs:TagResource?Tags"),
        ("logs:PutRetentionPolicy?RetentionInDays",),
        ("logs:DeleteLogGroup",),
    ),
    "AWS::Logs::ResourcePolicy": Needs(
        "*", ("logs:PutResourcePolicy",), ("logs:PutResourcePolicy",), ("logs:DeleteResourcePolicy",)
    ),
    "AWS::CloudWatch::Alarm": Needs(
        "arn:aws:cloudwatch:{region}:{account}:alarm:{AlarmName}",
        ("cloudwatch:PutMetricAlarm", "cloudwatch:TagResource?Tags"),
        ("cloudwatch:PutMetricAlarm",),
        ("cloudwatch:DeleteAlarms",),
    ),
    "AWS::CloudWatch::Dashboard": Needs(
        "arn:aws:cloudwatch::{account}:dashboard/{DashboardName}",
        ("cloudwatch:PutDashboard",),
        ("cloudwatch:PutDashboard",),
        ("cloudwatch:DeleteDashboards",),
    ),
    "AWS::SSM::Parameter": Needs(
        "arn:aws:ssm:{region}:{account}:parameter{Name}",
        ("ssm:PutParameter",),
        ("ssm:PutParameter",),
        ("ssm:DeleteParameter",),
    ),
    "AWS::SecretsManager::Secret": Needs(
        "arn:aws:secretsmanager:{region}:{account}:secret:{Name}-local",
        ("secretsmanager:CreateSecret",),
        ("secretsmanager:UpdateSecret",),
        ("secretsmanager:DeleteSecret",),
    ),
    "AWS::DynamoDB::Table": Needs(
        "arn:aws:dynamodb:{region}:{account}:table/{TableName}",
        ("dynamodb:CreateTable",),
        ("dynamodb:UpdateTable",),
        ("dynamodb:DeleteTable",),
    ),
    "AWS::Kinesis::Stream": Needs(
        "arn:aws:kinesis:{region}:{account}:stream/{Name}",
        ("kinesis:CreateStream",),
        ("kinesis:DescribeStreamSummary",),
        ("kinesis:DeleteStream",),
    ),
    "AWS::KinesisFirehose::DeliveryStream": Needs(
        "arn:aws:firehose:{region}:{account}:deliverystream/{DeliveryStreamName}",
        ("firehose:CreateDeliveryStream",),
        ("firehose:UpdateDestination",),
        ("firehose:DeleteDeliveryStream",),
        (
            ("ExtendedS3DestinationConfiguration.RoleARN", "firehose.amazonaws.com"),
            ("KinesisStreamSourceConfiguration.RoleARN", "firehose.amazonaws.com"),
        ),
    ),
    "AWS::EC2::VPC": Needs(
        "arn:aws:ec2:{region}:{account}:vpc/{id}",
        ("ec2:CreateVpc", "ec2:CreateTags?Tags", "ec2:ModifyVpcAttribute?EnableDnsHostnames"),
        ("ec2:ModifyVpcAttribute",),
        ("ec2:DeleteVpc",),
    ),
    "AWS::EC2::Subnet": Needs(
        "arn:aws:ec2:{region}:{account}:subnet/{id}",
        ("ec2:CreateSubnet", "ec2:CreateTags?Tags"),
        ("ec2:ModifySubnetAttribute",),
        ("ec2:DeleteSubnet",),
    ),
    "AWS::EC2::RouteTable": Needs(
        "arn:aws:ec2:{region}:{account}:route-table/{id}",
        ("ec2:CreateRouteTable", "ec2:CreateTags?Tags"),
        (),
        ("ec2:DeleteRouteTable",),
    ),
    "AWS::EC2::SubnetRouteTableAssociation": Needs(
        "arn:aws:ec2:{region}:{account}:route-table/{RouteTableId}",
        ("ec2:AssociateRouteTable",),
        (),
        ("ec2:DisassociateRouteTable",),
    ),
    "AWS::EC2::SecurityGroup": Needs(
        "arn:aws:ec2:{region}:{account}:security-group/{id}",
        (
            "ec2:CreateSecurityGroup",
            "ec2:CreateTags?Tags",
            "ec2:AuthorizeSecurityGroupIngress?SecurityGroupIngress",
            "ec2:AuthorizeSecurityGroupEgress?SecurityGroupEgress",
            "ec2:RevokeSecurityGroupEgress?SecurityGroupEgress",
        ),
        (),
        ("ec2:DeleteSecurityGroup",),
    ),
    "AWS::EC2::SecurityGroupIngress": Needs(
        "arn:aws:ec2:{region}:{account}:security-group/{GroupId}",
        ("ec2:AuthorizeSecurityGroupIngress",),
        (),
        ("ec2:RevokeSecurityGroupIngress",),
    ),
    "AWS::EC2::SecurityGroupEgress": Needs(
        "arn:aws:ec2:{region}:{account}:security-group/{GroupId}",
        ("ec2:AuthorizeSecurityGroupEgress",),
        (),
        ("ec2:RevokeSecurityGroupEgress",),
    ),
    "AWS::EC2::VPCEndpoint": Needs(
        "arn:aws:ec2:{region}:{account}:vpc-endpoint/{id}",
        ("ec2:CreateVpcEndpoint", "ec2:CreateTags?Tags"),
        ("ec2:ModifyVpcEndpoint",),
        ("ec2:DeleteVpcEndpoints",),
    ),
    "AWS::EC2::FlowLog": Needs(
        "arn:aws:ec2:{region}:{account}:vpc-flow-log/{id}",
        ("ec2:CreateFlowLogs", "ec2:CreateTags?Tags"),
        ("ec2:CreateTags?Tags",),
        ("ec2:DeleteFlowLogs",),
        (("DeliverLogsPermissionArn", "vpc-flow-logs.amazonaws.com"),),
    ),
    "AWS::ApiGateway::RestApi": Needs(
        "arn:aws:apigateway:{region}::/restapis", ("apigateway:POST",), ("apigateway:GET",), ("apigateway:DELETE",)
    ),
    "AWS::ApiGateway::Resource": Needs(
        "arn:aws:apigateway:{region}::/restapis/{RestApiId}/resources/{id}",
        ("apigateway:POST",),
        ("apigateway:GET",),
        ("apigateway:DELETE",),
    ),
    "AWS::ApiGateway::Method": Needs(
        "arn:aws:apigateway:{region}::/restapis/{RestApiId}/resources/{ResourceId}/methods/{HttpMethod}",
        ("apigateway:PUT",),
        ("apigateway:GET",),
        ("apigateway:DELETE",),
    ),
    "AWS::ApiGateway::Deployment": Needs(
        "arn:aws:apigateway:{region}::/restapis/{RestApiId}/deployments",
        ("apigateway:POST",),
        ("apigateway:GET",),
        ("apigateway:DELETE",),
    ),
    "AWS::ApiGateway::Stage": Needs(
        "arn:aws:apigateway:{region}::/restapis/{RestApiId}/stages",
        ("apigateway:POST",),
        ("apigateway:GET",),
        ("apigateway:DELETE",),
    ),
    "AWS::ApiGatewayV2::Api": Needs(
        "arn:aws:apigateway:{region}::/apis", ("apigateway:POST",), ("apigateway:PATCH",), ("apigateway:DELETE",)
    ),
    "AWS::ApiGatewayV2::Integration": Needs(
        "arn:aws:apigateway:{region}::/apis/{ApiId}/integrations",
        ("apigateway:POST",),
        ("apigateway:PATCH",),
        ("apigateway:DELETE",),
    ),
    "AWS::ApiGatewayV2::Route": Needs(
        "arn:aws:apigateway:{region}::/apis/{ApiId}/routes",
        ("apigateway:POST",),
        ("apigateway:PATCH",),
        ("apigateway:DELETE",),
    ),
    "AWS::ApiGatewayV2::Stage": Needs(
        "arn:aws:apigateway:{region}::/apis/{ApiId}/stages",
        ("apigateway:POST",),
        ("apigateway:PATCH",),
        ("apigateway:DELETE",),
    ),
    "AWS::SageMaker::Domain": Needs(
        "arn:aws:sagemaker:{region}:{account}:domain/{id}",
        ("sagemaker:CreateDomain", "sagemaker:AddTags?Tags"),
        ("sagemaker:UpdateDomain",),
        ("sagemaker:DeleteDomain",),
        (("DefaultUserSettings.ExecutionRole", "sagemaker.amazonaws.com"),),
    ),
    "AWS::SageMaker::UserProfile": Needs(
        "arn:aws:sagemaker:{region}:{account}:user-profile/{DomainId}/{UserProfileName}",
        ("sagemaker:CreateUserProfile", "sagemaker:AddTags?Tags"),
        ("sagemaker:UpdateUserProfile",),
        ("sagemaker:DeleteUserProfile",),
        (("UserSettings.ExecutionRole", "sagemaker.amazonaws.com"),),
    ),
    "AWS::SageMaker::Model": Needs(
        "arn:aws:sagemaker:{region}:{account}:model/{ModelName}",
        ("sagemaker:CreateModel", "sagemaker:AddTags?Tags"),
        ("sagemaker:AddTags?Tags",),
        ("sagemaker:DeleteModel",),
        (("ExecutionRoleArn", "sagemaker.amazonaws.com"),),
    ),
    "AWS::QuickSight::DataSource": Needs(
        "arn:aws:quicksight:{region}:{account}:datasource/{DataSourceId}",
        ("quicksight:CreateDataSource@*", "quicksight:TagResource?Tags"),
        ("quicksight:UpdateDataSource",),
        ("quicksight:DeleteDataSource",),
        (("DataSourceParameters.AthenaParameters.RoleArn", "quicksight.amazonaws.com"),),
    ),
    "AWS::QuickSight::DataSet": Needs(
        "arn:aws:quicksight:{region}:{account}:dataset/{DataSetId}",
        ("quicksight:CreateDataSet", "quicksight:TagResource?Tags"),
        ("quicksight:UpdateDataSet",),
        ("quicksight:DeleteDataSet",),
    ),
    "AWS::QuickSight::RefreshSchedule": Needs(
        "arn:aws:quicksight:{region}:{account}:dataset/{DataSetId}/refresh-schedule/{Schedule.ScheduleId}",
        ("quicksight:CreateRefreshSchedule",),
        ("quicksight:UpdateRefreshSchedule",),
        ("quicksight:DeleteRefreshSchedule",),
    ),
    "AWS::AppFlow::Flow": Needs(
        "arn:aws:appflow:{region}:{account}:flow/{FlowName}",
        ("appflow:CreateFlow",),
        ("appflow:UpdateFlow",),
        ("appflow:DeleteFlow",),
    ),
    "AWS::EntityResolution::SchemaMapping": Needs(
        "arn:aws:entityresolution:{region}:{account}:schemamapping/{SchemaName}",
        ("entityresolution:CreateSchemaMapping",),
        (),
        ("entityresolution:DeleteSchemaMapping",),
    ),
    "AWS::EntityResolution::MatchingWorkflow": Needs(
        "arn:aws:entityresolution:{region}:{account}:matchingworkflow/{WorkflowName}",
        ("entityresolution:CreateMatchingWorkflow",),
        ("entityresolution:UpdateMatchingWorkflow",),
        ("entityresolution:DeleteMatchingWorkflow",),
        (("RoleArn", "entityresolution.amazonaws.com"),),
    ),
    "AWS::RedshiftServerless::Namespace": Needs(
        "arn:aws:redshift-serverless:{region}:{account}:namespace/{id}",
        ("redshift-serverless:CreateNamespace",),
        ("redshift-serverless:UpdateNamespace",),
        ("redshift-serverless:DeleteNamespace",),
    ),
    "AWS::RedshiftServerless::Workgroup": Needs(
        "arn:aws:redshift-serverless:{region}:{account}:workgroup/{id}",
        ("redshift-serverless:CreateWorkgroup",),
        ("redshift-serverless:UpdateWorkgroup",),
        ("redshift-serverless:DeleteWorkgroup",),
    ),
    "AWS::Neptune::DBSubnetGroup": Needs(
        "arn:aws:rds:{region}:{account}:subgrp:{DBSubnetGroupName}",
        ("rds:CreateDBSubnetGroup",),
        ("rds:ModifyDBSubnetGroup",),
        ("rds:DeleteDBSubnetGroup",),
    ),
    "AWS::Neptune::DBCluster": Needs(
        "arn:aws:rds:{region}:{account}:cluster:{DBClusterIdentifier}",
        ("rds:CreateDBCluster",),
        ("rds:ModifyDBCluster",),
        ("rds:DeleteDBCluster",),
    ),
    "AWS::Neptune::DBInstance": Needs(
        "arn:aws:rds:{region}:{account}:db:{DBInstanceIdentifier}",
        ("rds:CreateDBInstance",),
        ("rds:ModifyDBInstance",),
        ("rds:DeleteDBInstance",),
    ),
    "AWS::EMRServerless::Application": Needs(
        "arn:aws:emr-serverless:{region}:{account}:/applications/{id}",
        ("emr-serverless:CreateApplication@*",),
        ("emr-serverless:UpdateApplication",),
        ("emr-serverless:DeleteApplication",),
    ),
    "AWS::CloudFormation::WaitConditionHandle": Needs("*", (), (), ()),
    "AWS::CloudFormation::Stack": Needs(
        "*", ("cloudformation:CreateStack",), ("cloudformation:UpdateStack",), ("cloudformation:DeleteStack",)
    ),
}
