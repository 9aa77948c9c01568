"""The private names of MiniStack that this package reads or replaces, checked before anything is patched.

MiniStack promises none of these names. A new version may rename one, and a patch that sets an attribute nobody
reads does nothing and says nothing. So the version is pinned, every name is looked up first, and after the
start `hook_check` proves that each hook fires.
"""

import importlib
import importlib.metadata

MINISTACK_VERSION = "1.5.33"

PRIVATE_NAMES = {
    "ministack.app": [
        "AUTH",
        "app",
        "_dispatch_service_request",
        "_get_reset_lock",
        "_reset_all_state",
        "_credential_failure",
        "_get_module",
        "_routing_params",
    ],
    "ministack.core.iam_evaluator": [
        "AuthError",
        "EvalContext",
        "PrincipalInfo",
        "_account_from_arn",
        "_conditions_met",
        "EvalResult",
        "_gather_role_policies",
        "_permissions_boundary",
        "_principal_org_id",
        "_resolve_condition_key",
        "_service_principal_matches",
        "_verified_key",
        "check_credentials",
        "combine_resource_policy",
        "evaluate_resource_policy",
        "enforce",
        "evaluate",
        "is_root_access_key",
        "parse_policy_document",
        "request_caller_arn",
        "resolve_principal",
    ],
    "ministack.core.iam_actions": ["access_denied_response"],
    "ministack.core.responses": [
        "AccountScopedDict",
        "AccountRegionScopedDict",
        "error_response_json",
        "get_account_id",
        "get_region",
        "json_response",
        "new_uuid",
        "request_scope",
    ],
    "ministack.core.router": ["detect_service", "extract_access_key_id", "extract_region"],
    "ministack.services.athena": ["_workgroups"],
    "ministack.services.cloudformation": ["_stacks", "_stack_events", "_change_sets", "reset"],
    "ministack.services.cloudformation.engine": ["_topological_sort", "_extract_deps"],
    "ministack.services.cloudformation.handlers": ["_ACTION_HANDLERS", "_resolve_stack"],
    "ministack.services.cloudformation.helpers": ["_error", "_p"],
    "ministack.services.cloudformation.changesets": ["_find_change_set", "_topological_sort"],
    "ministack.services.cloudformation.provisioners": [
        "_RESOURCE_HANDLERS",
        "_REPLACING_PROPERTIES",
        "_provision_resource",
        "_update_resource",
        "_delete_resource",
        "_delete_predecessor",
        "_replacing_change",
        "_sfn_definition",
    ],
    "ministack.services.cloudformation.stacks": [
        "_add_event",
        "_delete_resource",
        "_provision_resource",
        "_resolve_stack_outputs",
        "_runs_on_worker_thread",
        "_topological_sort",
        "_update_resource",
    ],
    "ministack.services.cloudwatch_logs": ["_log_groups"],
    "ministack.services.eventbridge": [
        "_dispatch_event",
        "_event_bus_policies",
        "_event_buses",
        "_invoke_target",
        "_now_ts",
        "_parse_cron_fields",
        "_put_events",
        "_rule_key",
    ],
    "ministack.services.glue": ["_crawlers", "_databases", "_jobs", "_start_crawler", "_tables"],
    "ministack.services.iam": ["_access_keys", "_policies", "_roles", "_users", "handle_request"],
    "ministack.services.kms": ["_resolve_key"],
    "ministack.services.s3": ["_bucket_owner_account", "_bucket_policies", "_buckets"],
    "ministack.services.scheduler": ["_schedule_groups", "_schedules"],
    "ministack.services.sns": ["_topics"],
    "ministack.services.sqs": ["_queues"],
    "ministack.services.stepfunctions": [
        "_SERVICE_DISPATCH",
        "_ExecutionError",
        "_execute_task",
        "_invoke_resource",
        "_invoke_with_callback",
        "_run_sub_machine",
        "_scaled_sleep",
        "_state_machines",
    ],
    "ministack.services.sts": ["_error", "_sessions", "handle_request"],
}


class LauncherError(Exception):
    """The launcher cannot vouch for what it would start. The message is one line."""


def check_version_and_names() -> None:
    """Refuse another MiniStack, and a MiniStack in which a name we hang on is gone."""
    found = importlib.metadata.version("ministack")
    if found != MINISTACK_VERSION:
        raise LauncherError(f"ministack {found} is installed, the launcher is written for {MINISTACK_VERSION}")
    for module_name, names in PRIVATE_NAMES.items():
        module = importlib.import_module(module_name)
        for name in names:
            if not hasattr(module, name):
                raise LauncherError(f"{module_name}.{name} does not exist any more; the launcher hangs on it")
