"""Endpoints of networks made by CloudFormation: a service that there is not, or of another type, is refused.

MiniStack takes any service name. AWS answers InvalidServiceName ("The Vpc Endpoint Service '..' does not exist").
The names: AWS PrivateLink guide, "AWS services that integrate with AWS PrivateLink"; aws-cdk-lib,
InterfaceVpcEndpointAwsService. They are written down here by hand, apart from meshform's own table, so that a mistake
there does not pass here. Hangs on the entry of `provisioners._RESOURCE_HANDLERS`.
"""

from .principals import Refused

GATEWAYS = frozenset({"dynamodb", "s3"})
INTERFACES = frozenset(
    "athena comprehend datazone dynamodb ec2 ecr.api ecr.dkr elasticfilesystem emr-serverless entityresolution events "
    "execute-api glue kinesis-firehose kinesis-streams kms lakeformation lambda logs monitoring quicksight-website "
    "redshift redshift-data redshift-serverless s3 sagemaker.api sagemaker.featurestore-runtime sagemaker.runtime "
    "secretsmanager servicecatalog sns sqs ssm states sts".split()
)
# The vendor comes first in these.
SAGEMAKER = frozenset({"experiments", "notebook", "partner-app", "studio"})


def problem(service: str, kind: str, region: str) -> str | None:
    """Why AWS would not make this endpoint."""
    known = {f"com.amazonaws.{region}.{name}": "Interface" for name in INTERFACES}
    known |= {f"aws.sagemaker.{region}.{name}": "Interface" for name in SAGEMAKER}
    gateways = {f"com.amazonaws.{region}.{name}" for name in GATEWAYS}
    if kind == "Gateway" and service in gateways:
        return None
    if service not in known:
        return f"InvalidServiceName: The Vpc Endpoint Service '{service}' does not exist"
    if known[service] != kind:
        return f"InvalidParameter: Endpoint type ({kind}) does not match available service types ([{known[service]}])"
    return None


def _refuse_unknown(props):
    from ministack.core.responses import get_region

    kind = props.get("VpcEndpointType", "Gateway")
    found = problem(props.get("ServiceName", ""), kind, get_region())
    if found:
        raise Refused(found)
    if kind == "Interface" and not props.get("SubnetIds"):
        raise Refused("InvalidParameter: an interface endpoint without subnets")


def _refuse_open_domain(props):
    """CreateDomain: VpcOnly needs subnets, and a security group for the people."""
    if props.get("AppNetworkAccessType") != "VpcOnly":
        return
    settings = props.get("DefaultUserSettings") or {}
    if not (props.get("VpcId") and props.get("SubnetIds") and settings.get("SecurityGroups")):
        raise Refused("ValidationException: VpcOnly needs a VPC, subnets and security groups of the default user settings")


def install() -> None:
    """Wrap the handlers of endpoints and Domains."""
    from ministack.services.cloudformation import provisioners

    for resource_type, refuse in (
        ("AWS::EC2::VPCEndpoint", _refuse_unknown),
        ("AWS::SageMaker::Domain", _refuse_open_domain),
    ):
        native = dict(provisioners._RESOURCE_HANDLERS[resource_type])

        def create(logical_id, props, stack_name, native=native, refuse=refuse):
            refuse(props)
            return native["create"](logical_id, props, stack_name)

        def update(physical_id, old_props, new_props, stack_name, native=native, refuse=refuse):
            refuse(new_props)
            return native["update"](physical_id, old_props, new_props, stack_name)

        provisioners._RESOURCE_HANDLERS[resource_type] = {**native, "create": create, "update": update}
