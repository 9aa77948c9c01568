"""Types that MiniStack lacks and that are only written down: Ref and GetAtt answer, nothing is emulated.

`GET /_local/summary` says `recorded` for them, so that no report passes them off as verified. Hangs on
`provisioners._RESOURCE_HANDLERS` (type -> {create, update, delete}) and `_REPLACING_PROPERTIES`.
"""

import uuid
from dataclasses import dataclass

from .permissions import values_at


@dataclass(frozen=True)
class Recorded:
    """How a recorded type names itself: Ref, the create-only properties, the GetAtt names."""

    ref: str  # dotted path of the property that Ref returns, or "" for a made-up id
    replacing: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()


RECORDED: dict[str, Recorded] = {
    "AWS::Events::EventBusPolicy": Recorded("StatementId", ("EventBusName", "StatementId")),
    "AWS::EC2::SecurityGroupIngress": Recorded(
        "", ("IpProtocol", "CidrIp", "FromPort", "ToPort", "GroupId", "SourceSecurityGroupId"), ("Id",)
    ),
    "AWS::EC2::SecurityGroupEgress": Recorded(
        "",
        (
            "IpProtocol",
            "CidrIp",
            "FromPort",
            "ToPort",
            "GroupId",
            "DestinationSecurityGroupId",
            "DestinationPrefixListId",
        ),
        ("Id",),
    ),
    "AWS::EC2::FlowLog": Recorded(
        "",
        ("DeliverLogsPermissionArn", "LogDestinationType", "LogGroupName", "ResourceId", "ResourceType", "TrafficType"),
        ("Id",),
    ),
    "AWS::SageMaker::Domain": Recorded(
        "",
        ("AuthMode", "DomainName", "KmsKeyId"),
        (
            "DomainArn",
            "DomainId",
            "Url",
            "HomeEfsFileSystemId",
            "SecurityGroupIdForDomainBoundary",
            "SingleSignOnManagedApplicationInstanceId",
            "SingleSignOnApplicationArn",
        ),
    ),
    "AWS::SageMaker::UserProfile": Recorded("UserProfileName", ("DomainId", "UserProfileName"), ("UserProfileArn",)),
    "AWS::SageMaker::Model": Recorded(
        "", ("ExecutionRoleArn", "ModelName", "Containers", "PrimaryContainer"), ("ModelName", "ModelArn")
    ),
    "AWS::Glue::DataQualityRuleset": Recorded("Name", ("Name",)),
    "AWS::Athena::NamedQuery": Recorded(
        "", ("Name", "Database", "Description", "QueryString", "WorkGroup"), ("NamedQueryId",)
    ),
    "AWS::QuickSight::DataSource": Recorded(
        "DataSourceId", ("AwsAccountId", "DataSourceId", "Type"), ("Arn", "CreatedTime", "LastUpdatedTime", "Status")
    ),
    "AWS::QuickSight::DataSet": Recorded(
        "DataSetId",
        ("AwsAccountId", "DataSetId"),
        ("Arn", "CreatedTime", "LastUpdatedTime", "ConsumedSpiceCapacityInBytes"),
    ),
    "AWS::QuickSight::RefreshSchedule": Recorded("Schedule.ScheduleId", ("AwsAccountId", "DataSetId"), ("Arn",)),
    "AWS::Logs::ResourcePolicy": Recorded("PolicyName", ("PolicyName",)),
    "AWS::AppFlow::Flow": Recorded("FlowName", ("FlowName", "KMSArn"), ("FlowArn",)),
    "AWS::EntityResolution::SchemaMapping": Recorded("SchemaName", ("SchemaName",), ("SchemaArn",)),
    "AWS::EntityResolution::MatchingWorkflow": Recorded("WorkflowName", ("WorkflowName",), ("WorkflowArn",)),
    "AWS::RedshiftServerless::Namespace": Recorded("NamespaceName", ("NamespaceName",), ("Namespace.NamespaceArn",)),
    "AWS::RedshiftServerless::Workgroup": Recorded(
        "WorkgroupName",
        ("WorkgroupName", "NamespaceName"),
        ("Workgroup.WorkgroupArn", "Workgroup.Endpoint.Address", "Workgroup.Endpoint.Port"),
    ),
    "AWS::Neptune::DBSubnetGroup": Recorded("DBSubnetGroupName", ("DBSubnetGroupName",)),
    "AWS::Neptune::DBCluster": Recorded(
        "DBClusterIdentifier",
        ("DBClusterIdentifier", "DBSubnetGroupName", "KmsKeyId", "StorageEncrypted"),
        ("ClusterResourceId", "Endpoint", "Port", "ReadEndpoint"),
    ),
    "AWS::Neptune::DBInstance": Recorded("DBInstanceIdentifier", ("DBInstanceIdentifier",), ("Endpoint", "Port")),
    "AWS::EMRServerless::Application": Recorded("", ("Name", "Type"), ("Arn", "ApplicationId")),
}


# The types that were really missing, so that `summary` does not call a native one recorded.
registered: set[str] = set()


def _attribute(resource_type: str, name: str, physical_id: str) -> str:
    from ministack.core.responses import get_account_id, get_region

    if name.lower().endswith("arn"):
        service, kind = resource_type.split("::")[1:]
        return f"arn:aws:{service.lower()}:{get_region()}:{get_account_id()}:{kind.lower()}/{physical_id}"
    if name.lower().endswith("id") or name == "ModelName":
        return physical_id
    return "443" if name.endswith("Port") else f"{physical_id}.recorded"


def _handlers(resource_type: str, recorded: Recorded) -> dict:
    def create(logical_id, props, stack_name):
        found = values_at(props, recorded.ref) if recorded.ref else []
        kind = resource_type.split("::")[2].lower()
        physical_id = str(found[0]) if found else f"{kind}-{uuid.uuid4().hex[:12]}"
        return physical_id, {name: _attribute(resource_type, name, physical_id) for name in recorded.attributes}

    def update(physical_id, old_props, new_props, stack_name):
        return physical_id, {name: _attribute(resource_type, name, physical_id) for name in recorded.attributes}

    def delete(physical_id, props):
        """Nothing stands behind it."""

    return {"create": create, "update": update, "delete": delete}


def install() -> None:
    """Register what MiniStack does not know."""
    from ministack.services.cloudformation import provisioners

    for resource_type, recorded in RECORDED.items():
        if resource_type not in provisioners._RESOURCE_HANDLERS:
            provisioners._RESOURCE_HANDLERS[resource_type] = _handlers(resource_type, recorded)
            provisioners._REPLACING_PROPERTIES[resource_type] = recorded.replacing
            registered.add(resource_type)
