"""Networks: endpoints of services that there are, Studio that stays inside."""

from .cases import case
from .world import CONSUMER, World

VPC = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/20"}}
SUBNET = {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"}}


def _endpoint(service: str, kind: str = "Interface", **more) -> dict:
    properties = {"VpcId": {"Ref": "Vpc"}, "ServiceName": service, "VpcEndpointType": kind, **more}
    if kind == "Interface":
        properties.setdefault("SubnetIds", [{"Ref": "Subnet"}])
    return {"Vpc": VPC, "Subnet": SUBNET, "Door": {"Type": "AWS::EC2::VPCEndpoint", "Properties": properties}}


@case
def endpoints_of_services_that_there_are(world: World):
    """An interface, a gateway, and Studio's, whose vendor is another."""
    world.accepts(CONSUMER, _endpoint("com.amazonaws.eu-west-1.athena"))
    world.accepts(CONSUMER, _endpoint("com.amazonaws.eu-west-1.s3", "Gateway"))
    world.accepts(CONSUMER, _endpoint("aws.sagemaker.eu-west-1.studio"))


@case
def an_endpoint_of_no_service_is_refused(world: World):
    """A name that there is not, a mistaken vendor, another Region."""
    for service in (
        "com.amazonaws.eu-west-1.nonsense",
        "com.amazonaws.eu-west-1.studio",
        "aws.sagemaker.eu-west-1.athena",
        "com.amazonaws.us-east-1.athena",
    ):
        world.refuses(CONSUMER, _endpoint(service), "InvalidServiceName", service)


@case
def an_endpoint_of_the_wrong_type_is_refused(world: World):
    """Athena has no gateway; an interface needs a subnet."""
    world.refuses(CONSUMER, _endpoint("com.amazonaws.eu-west-1.athena", "Gateway"), "does not match")
    world.refuses(CONSUMER, _endpoint("com.amazonaws.eu-west-1.athena", SubnetIds=[]), "without subnets")


@case
def studio_inside_a_network_needs_one(world: World):
    """VpcOnly without subnets or security groups is refused."""
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": "demo-studio",
            "Path": "/demo/",
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "sagemaker.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            },
        },
    }
    group = {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {"GroupDescription": "people", "VpcId": {"Ref": "Vpc"}},
    }

    def studio(**settings) -> dict:
        properties = {
            "DomainName": "demo-studio",
            "AuthMode": "IAM",
            "AppNetworkAccessType": "VpcOnly",
            "VpcId": {"Ref": "Vpc"},
            "SubnetIds": [{"Ref": "Subnet"}],
            "DefaultUserSettings": {"ExecutionRole": {"Fn::GetAtt": ["Role", "Arn"]}, **settings},
        }
        domain = {"Type": "AWS::SageMaker::Domain", "Properties": properties}
        return {"Vpc": VPC, "Subnet": SUBNET, "Group": group, "Role": role, "Domain": domain}

    world.refuses(CONSUMER, studio(), "VpcOnly needs")
    world.accepts(CONSUMER, studio(SecurityGroups=[{"Fn::GetAtt": ["Group", "GroupId"]}]))
