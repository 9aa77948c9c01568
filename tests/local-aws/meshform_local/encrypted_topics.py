"""Topics with a key: who publishes must be able to use the key too.

Source: SNS: "Enable compatibility between event sources from AWS services and encrypted topics" (the service needs
kms:GenerateDataKey and kms:Decrypt in the key's policy; the managed key alias/aws/sns lets no service in) and "SNS: key
management" (a publisher needs the same two).
"""

from . import principals

ACTIONS = ("kms:GenerateDataKey", "kms:Decrypt")


def _key_of(topic_arn: str) -> tuple[str | None, dict | None]:
    """The key that a topic names, and its record when it is one of the account's own."""
    from ministack.core.responses import request_scope
    from ministack.services import kms, sns

    parts = topic_arn.split(":")
    topic = sns._topics.get_scoped(parts[4], parts[3], topic_arn)
    name = topic and topic["attributes"].get("KmsMasterKeyId")
    if not name:
        return None, None
    with request_scope(parts[4], parts[3]):
        return name, kms._resolve_key(name)


def service_refusal(topic_arn: str, service: str, context: dict) -> str | None:
    """Why a service may not publish to a topic for its key's sake."""
    name, key = _key_of(topic_arn)
    if name is None:
        return None
    if key is None:
        return f"{service} may not use key {name} of {topic_arn} (the managed key lets no service in)"
    for action in ACTIONS:
        if not principals.service_may(service, action, key["Arn"], topic_arn.split(":")[3], key["Policy"], context):
            return f"the policy of key {key['Arn']} of {topic_arn} does not let {service} do {action}"
    return None


def asked(topic_arn: str) -> list[tuple[str, str]]:
    """What IAM is asked of a role that publishes: nothing for the managed key, both actions for one's own."""
    _, key = _key_of(topic_arn) if topic_arn.count(":") >= 5 else (None, None)
    return [(action, key["Arn"]) for action in ACTIONS] if key else []
