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
    # What Ref returns when it is not the name itself.
    identity: str = "{name}"


RECORDED: dict[str, Recorded] = {
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
        "ModelName",
        (
            "ExecutionRoleArn",
            "EnableNetworkIsolation",
            "InferenceExecutionConfig",
            "PrimaryContainer",
            "ModelName",
            "VpcConfig",
            "Containers",
        ),
        ("ModelName", "ModelArn"),
        "arn:aws:sagemaker:{region}:{account}:model/{name}",
    ),
    "AWS::Glue::DataQualityRuleset": Recorded("Name", ("Name",)),
    # The schema has no update, so every change replaces.
    "AWS::Glue::SecurityConfiguration": Recorded("Name", ("Name", "EncryptionConfiguration")),
    "AWS::EC2::FlowLog": Recorded(
        "",
        (
            "DeliverCrossAccountRole",
            "DeliverLogsPermissionArn",
            "LogGroupName",
            "LogDestination",
            "ResourceId",
            "TrafficType",
            "LogDestinationType",
            "ResourceType",
            "LogFormat",
            "MaxAggregationInterval",
            "DestinationOptions",
        ),
        ("Id",),
    ),
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


# (account, region, type) -> name -> properties: what stands, so that others can refer to it.
_made: dict[tuple[str, str, str], dict[str, dict]] = {}


def reset() -> None:
    """Forget what was recorded."""
    _made.clear()


def find(account: str, region: str, resource_type: str, name: str) -> dict | None:
    """The properties of a recorded resource."""
    return _made.get((account, region, resource_type), {}).get(name)


def _here() -> tuple[str, str]:
    from ministack.core.responses import get_account_id, get_region

    return get_account_id(), get_region()


def _attribute(resource_type: str, name: str, own: str) -> str:
    account, region = _here()
    if name.lower().endswith("arn"):
        service, kind = resource_type.split("::")[1:]
        return f"arn:aws:{service.lower()}:{region}:{account}:{kind.lower()}/{own}"
    if name.lower().endswith("id") or name == "ModelName":
        return own
    return "443" if name.endswith("Port") else f"{own}.recorded"


def _handlers(resource_type: str, recorded: Recorded) -> dict:
    def answer(own: str, props: dict) -> tuple[str, dict]:
        account, region = _here()
        _made.setdefault((account, region, resource_type), {})[own] = props
        identity = recorded.identity.format(account=account, region=region, name=own)
        return identity, {name: _attribute(resource_type, name, own) for name in recorded.attributes}

    def create(logical_id, props, stack_name):
        found = values_at(props, recorded.ref) if recorded.ref else []
        kind = resource_type.split("::")[2].lower()
        return answer(str(found[0]) if found else f"{kind}-{uuid.uuid4().hex[:12]}", props)

    def update(physical_id, old_props, new_props, stack_name):
        return answer(_own(physical_id), new_props)

    def delete(physical_id, props):
        _made.get((*_here(), resource_type), {}).pop(_own(physical_id), None)

    def _own(physical_id: str) -> str:
        return physical_id.rsplit("/", 1)[1] if recorded.identity != "{name}" else physical_id

    return {"create": create, "update": update, "delete": delete}


def install() -> None:
    """Register what MiniStack does not know."""
    from ministack.services.cloudformation import provisioners

    for resource_type, recorded in RECORDED.items():
        if resource_type not in provisioners._RESOURCE_HANDLERS:
            provisioners._RESOURCE_HANDLERS[resource_type] = _handlers(resource_type, recorded)
            provisioners._REPLACING_PROPERTIES[resource_type] = recorded.replacing
            registered.add(resource_type)
