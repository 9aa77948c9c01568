"""The templates of `doctor --probe`, as far as they can be checked without AWS.

Every call that a template lists must be one of the service's API, with parameters of the right shape (botocore's models), and
the function that makes the calls must answer CloudFormation whatever the calls do. No behaviour of AWS is shown here.

    .local/venv/bin/python tests/local-aws/probe_calls.py
"""

import json
import pathlib
import unittest
from unittest import mock

import boto3
import botocore.exceptions
import botocore.validate
import jmespath
import yaml

TEMPLATES = pathlib.Path(__file__).resolve().parents[2] / "templates" / "probes"
KEYS = {"Name", "Service", "Call", "With", "Keep", "Until", "Patience", "Wait", "As", "If"}


def resolved(value):
    """An account's id in the place of whatever CloudFormation fills in."""
    if isinstance(value, dict):
        if len(value) == 1 and next(iter(value)) in ("Ref", "Fn::Sub", "Fn::GetAtt"):
            return "111111111111"
        return {key: resolved(inner) for key, inner in value.items()}
    return [resolved(inner) for inner in value] if isinstance(value, list) else value


def templates():
    return {path.stem: yaml.safe_load(path.read_text()) for path in sorted(TEMPLATES.glob("*.yaml"))}


def calls():
    for name, template in templates().items():
        for resource in template["Resources"].values():
            if resource["Type"] == "Custom::Probe":
                for kind in ("Calls", "Undo"):
                    for call in resource["Properties"].get(kind, []):
                        yield name, call


def function():
    code = templates()["base"]["Resources"]["Function"]["Properties"]["Code"]["ZipFile"]
    module = {}
    exec(compile(code, "index.py", "exec"), module)
    return module


class Calls(unittest.TestCase):
    def test_each_call_is_one_of_its_service(self):
        own = function()["OWN"]
        count = 0
        for name, call in calls():
            with self.subTest(template=name, call=call["Name"]):
                count += 1
                self.assertLessEqual(set(call), KEYS)
                jmespath.compile(call.get("Keep", "@"))
                if call["Service"] == "own":
                    given = own[call["Call"]].__code__.co_varnames[1 : own[call["Call"]].__code__.co_argcount]
                    self.assertLessEqual(set(call.get("With", {})), set(given))
                    continue
                client = boto3.client(call["Service"], "eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
                model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[call["Call"]])
                report = botocore.validate.ParamValidator().validate(resolved(call.get("With", {})), model.input_shape)
                self.assertFalse(report.has_errors(), report.generate_report())
        self.assertGreater(count, 30)


class Function(unittest.TestCase):
    def answered(self, event, clients):
        """What the function answers CloudFormation."""
        module, sent = function(), []
        here = mock.Mock()
        here.client.side_effect = lambda service: clients[service]
        with (
            mock.patch.object(module["boto3"], "Session", return_value=here),
            mock.patch.object(module["urllib"].request, "urlopen", side_effect=lambda request, timeout: sent.append(request)),
            mock.patch.object(module["time"], "sleep"),
        ):
            module["handler"]({"StackId": "s", "RequestId": "r", "LogicalResourceId": "l", "ResponseURL": "https://answer", **event}, None)
        (request,) = sent
        self.assertLessEqual(len(request.data), 4096)
        body = json.loads(request.data)
        return body, json.loads(body["Data"]["Saw"])

    def test_answers_and_errors_are_told_by_name(self):
        glue = mock.Mock()
        glue.get_table.return_value = {"Table": {"Name": "things"}}
        glue.get_tables.side_effect = botocore.exceptions.ClientError(
            {"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetTables"
        )
        made = [
            {"Name": "table", "Service": "glue", "Call": "get_table", "With": {"Name": "things", "Flag": "true"}, "Keep": "Table.Name"},
            {"Name": "tables", "Service": "glue", "Call": "get_tables", "Wait": "1"},
        ]
        body, saw = self.answered({"RequestType": "Create", "ResourceProperties": {"Calls": made}}, {"glue": glue})
        self.assertEqual(body["Status"], "SUCCESS")
        self.assertEqual(body["PhysicalResourceId"], "probe:table")
        glue.get_table.assert_called_once_with(Name="things", Flag=True)
        self.assertEqual(saw, {"table": {"value": "things"}, "tables": {"error": "AccessDeniedException", "message": "no"}})

    def test_what_is_waited_for_is_asked_again(self):
        glue = mock.Mock()
        glue.get_crawler.side_effect = [{"Crawler": {"State": state}} for state in ("RUNNING", "STOPPING", "READY")]
        call = {"Name": "over", "Service": "glue", "Call": "get_crawler", "Keep": "Crawler.State", "Until": ["READY"], "Patience": "60"}
        _, saw = self.answered({"RequestType": "Create", "ResourceProperties": {"Calls": [call]}}, {"glue": glue})
        self.assertEqual(saw, {"over": {"value": "READY"}})

    def test_a_delete_undoes_what_was_made_and_never_fails(self):
        glue = mock.Mock()
        glue.delete_database.side_effect = botocore.exceptions.ClientError({"Error": {"Code": "X", "Message": ""}}, "D")
        undo = [{"Name": "dropped", "If": "made", "Service": "glue", "Call": "delete_database", "With": {"Name": "default"}}]
        for physical, times in (("probe:made", 1), ("probe", 1)):
            event = {"RequestType": "Delete", "PhysicalResourceId": physical, "ResourceProperties": {"Undo": undo}}
            body, _ = self.answered(event, {"glue": glue})
            self.assertEqual((body["Status"], body["PhysicalResourceId"]), ("SUCCESS", physical))
            self.assertEqual(glue.delete_database.call_count, times)

    def test_a_mistake_of_our_own_is_told_and_a_long_answer_cut(self):
        call = {"Name": "table", "Service": "glue", "Call": "get_table"}
        glue = mock.Mock()
        glue.get_table.side_effect = ValueError("ours")
        body, _ = self.answered({"RequestType": "Create", "ResourceProperties": {"Calls": [call]}}, {"glue": glue})
        self.assertEqual((body["Status"], body["Reason"]), ("FAILED", "ValueError: ours"))
        glue.get_table.side_effect = None
        glue.get_table.return_value = {"Name": '"' * 9000}
        _, saw = self.answered({"RequestType": "Create", "ResourceProperties": {"Calls": [{**call, "Keep": "Name"}]}}, {"glue": glue})
        self.assertEqual(saw["answer"]["error"], "TooLong")


if __name__ == "__main__":
    unittest.main()
