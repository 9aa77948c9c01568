"""The rendered scripts of Glue jobs, run by Spark on small Parquet files.

What is run is what is deployed: the scripts in stacks/demo/assets, and scripts that meshform renders for environments made
here. `--local` maps s3:// to a folder. Spark is the version that AWS Glue has (docs/jobs.md).

    .local/spark/bin/python -W ignore -m unittest discover -s tests/jobs [-v]
"""

import contextlib
import importlib.util
import io
import json
import os
import pathlib
import subprocess
import tempfile
import textwrap
import unittest
from datetime import datetime
from decimal import Decimal

os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")

from pyspark.sql import SparkSession  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
MESHFORM = pathlib.Path(os.environ.get("MESHFORM", ROOT / "target/debug/meshform"))
RUN = "run-1"


def spark_session():
    builder = SparkSession.builder.master("local[2]").appName("tests")
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.default.parallelism": "2",
        "spark.sql.session.timeZone": "UTC",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def script(path):
    """The script as a module; nothing of it runs on import."""
    specification = importlib.util.spec_from_file_location("script", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def of_demo(product):
    [path] = (ROOT / "stacks/demo/assets").glob(f"*-{product}.py")
    return script(path)


class JobTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.spark = spark_session()
        cls.spark.sparkContext.setLogLevel("ERROR")

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.s3 = pathlib.Path(folder.name)
        self.addCleanup(self.spark.catalog.clearCache)

    def place(self, uri):
        return self.s3 / uri.removeprefix("s3://")

    def stage(self, module, product, table, rows):
        """Writes rows as an UNLOAD does: Parquet files without an ending in their names."""
        [entry] = [one for one in module.CONTRACT["inputs"] if (one["product"], one["table"]) == (product, table)]
        fields = ", ".join(f"{column['name']} {column['type']}" for column in entry["columns"])
        names = [column["name"] for column in entry["columns"]]
        unknown = {name for row in rows for name in row} - set(names)
        self.assertEqual(unknown, set(), "only columns that the port opens are staged")
        folder = self.place(f"{module.CONTRACT['staging']}{RUN}/{product}/{table}")
        frame = self.spark.createDataFrame([[row.get(name) for name in names] for row in rows], fields)
        frame.coalesce(1).write.parquet(str(folder))
        for file in list(folder.iterdir()):
            if file.suffix == ".parquet":
                file.rename(folder / "20260101_000000_00000_abcde_unloaded")
            else:
                file.unlink()

    def run_job(self, module):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            module.main(["--JOB_NAME", "x", "--run", RUN, "--enable-metrics", "true", "--local", str(self.s3)])
        return said.getvalue()

    def table(self, module, name):
        folder = self.place(f"{module.CONTRACT['data']}{name}")
        self.assertTrue((folder / "_SUCCESS").exists(), "a mark for whoever waits for new data")
        return self.spark.read.parquet(str(folder))


class Customer360(JobTest):
    """No logic of its own: the default lays the inputs on top of one another."""

    def inputs(self, module):
        self.stage(module, "campaign-performance", "campaign_results", [
            {"campaign_id": "c1", "customer_key": "k1", "customer_id": "1", "email": None},
            {"campaign_id": "c2", "customer_key": "k1", "customer_id": "1", "email": "b@example"},
            {"campaign_id": "c3", "customer_key": "k1", "customer_id": "1", "email": "a@example"},
        ])
        self.stage(module, "agent-performance", "interactions", [
            {"interaction_id": "i1", "customer_key": "k1", "phone": "111"},
            {"interaction_id": "i2", "customer_key": None, "phone": "999"},
        ])
        self.stage(module, "sales-analytics", "orders", [
            {"order_id": "o1", "customer_key": "k1", "email": "order@example", "phone": "222", "amount": Decimal("1.00")},
            {"order_id": "o2", "customer_key": "k2", "email": "two@example"},
        ])

    def test_the_table_is_as_the_contract_has_it(self):
        module = of_demo("customer-360")
        self.inputs(module)
        said = self.run_job(module)
        table = self.table(module, "customer_profile")
        expected = [("customer_key", "string"), ("customer_id", "string"), ("email", "string"), ("phone", "string"),
                    ("segment", "string"), ("lifetime_value", "double"), ("churn_risk", "double")]
        self.assertEqual(table.dtypes, expected)
        rows = [tuple(row) for row in table.orderBy("customer_key").collect()]
        # of the first input by name that has a value; among several of one input the smallest
        self.assertEqual(rows, [
            ("k1", "1", "a@example", "111", None, None, None),
            ("k2", None, "two@example", None, None, None, None),
        ])
        self.assertIn("customer_profile.segment: not made, null", said)

    def test_a_second_run_replaces_the_first(self):
        module = of_demo("customer-360")
        self.inputs(module)
        self.run_job(module)
        self.run_job(module)
        self.assertEqual(self.table(module, "customer_profile").count(), 2)

    def test_inputs_without_rows_make_a_table_without_rows(self):
        module = of_demo("customer-360")
        self.run_job(module)
        table = self.table(module, "customer_profile")
        self.assertEqual((table.count(), len(table.columns)), (0, 7))

    def test_what_a_port_does_not_open_is_not_known_to_the_job(self):
        module = of_demo("customer-360")
        columns = {column["name"] for entry in module.CONTRACT["inputs"] for column in entry["columns"]}
        self.assertNotIn("agent_id", columns, "confidential, and not asked for")
        self.assertIn("email", columns)

    def test_nothing_of_aws_is_needed_to_read_the_script(self):
        for path in (ROOT / "stacks/demo/assets").glob("*.py"):
            text = path.read_text()
            self.assertNotIn("awsglue", text)
            self.assertNotIn("boto3", text)
            self.assertNotIn("One unified profile", text, "descriptions are no part of a script")


class CustomerJourney(JobTest):
    """Logic of its own: environments/demo/jobs/customer-journey.py."""

    def inputs(self, module, campaign="c1"):
        self.stage(module, "campaign-performance", "campaign_results", [
            {"campaign_id": campaign, "channel": "audio", "customer_key": "k1", "responded_at": datetime(2026, 1, 2)},
        ])
        self.stage(module, "agent-performance", "interactions", [
            {"interaction_id": "i1", "customer_key": "k1", "handled_at": datetime(2026, 1, 3)},
            {"interaction_id": "i2", "customer_key": "nobody", "handled_at": datetime(2026, 1, 3)},
        ])
        self.stage(module, "customer-360", "customer_profile", [{"customer_key": "k1"}])

    def test_its_transform_makes_the_table(self):
        module = of_demo("customer-journey")
        self.inputs(module)
        self.run_job(module)
        table = self.table(module, "journey_events")
        rows = [tuple(row) for row in table.orderBy("event_id").collect()]
        self.assertEqual(rows, [
            ("campaign:c1:k1", "k1", "campaign audio", datetime(2026, 1, 2)),
            ("interaction:i1", "k1", "support", datetime(2026, 1, 3)),
        ])

    def test_a_null_in_the_primary_key_is_refused_before_anything_is_written(self):
        module = of_demo("customer-journey")
        self.inputs(module)
        module.TRANSFORM = textwrap.dedent("""
            from pyspark.sql import functions as F
            def transform(spark, inputs):
                profile = inputs["customer-360.customer_profile"]
                return profile.select(F.lit(None).alias("EVENT_ID"), "customer_key", F.lit(7).alias("more"))
        """)
        with self.assertRaisesRegex(module.Refused, "of 1 rows .* event_id in 1"):
            self.run_job(module)
        self.assertFalse(self.place(module.CONTRACT["data"]).exists())

    def test_a_transform_that_forgets_a_table_is_refused(self):
        module = of_demo("customer-journey")
        for transform, message in [
            ("def transform(spark, inputs):\n    return {}\n", "makes no journey_events"),
            ("x = 1\n", "defines no function `transform`"),
        ]:
            module.TRANSFORM = transform
            with self.assertRaisesRegex(module.Refused, message):
                self.run_job(module)


class Raw(JobTest):
    """A product without input ports: raw files, types, required columns, partitions."""

    DOMAIN = {
        "kind": "Domain", "name": "sales", "account": "222222222222",
        "team": {"name": "sales-data", "email": "sales-data@acme.example"},
        "products": [{
            "id": "orders", "sources": [{"type": "s3"}], "processing": {"type": "glue"},
            "description": {"purpose": "it's a \"test\"\\"},
            "schema": [{
                "name": "orders",
                "partitionKeys": [{"name": "day", "logicalType": "date"}],
                "properties": [
                    {"name": "order_id", "logicalType": "integer", "primaryKey": True},
                    {"name": "amount", "logicalType": "number", "physicalType": "decimal(18,2)", "required": True},
                    {"name": "note", "logicalType": "string", "physicalType": "varchar(20)"},
                    {"name": "tags", "logicalType": "array", "physicalType": "array<string>"},
                ],
            }],
        }],
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not MESHFORM.exists():
            raise unittest.SkipTest(f"{MESHFORM} is not built")
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        environment = pathlib.Path(folder.name) / "test"
        (environment / "domains").mkdir(parents=True)
        mesh = (ROOT / "environments/demo/mesh.yaml").read_text()
        (environment / "mesh.yaml").write_text(mesh)
        # JSON is YAML
        (environment / "domains/sales.yaml").write_text(json.dumps(cls.DOMAIN))
        stacks = pathlib.Path(folder.name) / "stacks"
        command = [MESHFORM, "synth", "-e", environment, "--out", stacks]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        [cls.path] = (stacks / "assets").glob("*-orders.py")

    def drop(self, module, name, text):
        path = self.place(module.CONTRACT["raw"]) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def test_files_become_typed_partitions_and_only_those_that_came_are_replaced(self):
        module = script(self.path)
        self.drop(module, "web/1.csv", "ORDER_ID,amount,day,extra\n1,2.50,2026-01-01,x\n2,3,2026-01-02,x\n")
        self.drop(module, "shop/1.json", json.dumps(
            {"order_id": 3, "amount": 4, "day": "2026-01-02", "tags": ["a"], "note": "n"}) + "\n")
        self.drop(module, "readme.txt", "not data")
        said = self.run_job(module)
        self.assertIn("readme.txt: neither Parquet nor JSON nor CSV, left out", said)
        self.assertIn("inputs: shop, web", said)
        table = self.table(module, "orders")
        self.assertEqual(dict(table.dtypes), {
            "order_id": "bigint", "amount": "decimal(18,2)", "note": "string", "tags": "array<string>", "day": "date"})
        rows = {row["order_id"]: (row["amount"], row["tags"], str(row["day"])) for row in table.collect()}
        self.assertEqual(rows, {
            1: (Decimal("2.50"), None, "2026-01-01"),
            2: (Decimal("3.00"), None, "2026-01-02"),
            3: (Decimal("4.00"), ["a"], "2026-01-02"),
        })
        # another run with one day only: the other day stays
        raw = self.place(module.CONTRACT["raw"])
        (raw / "web/1.csv").write_text("order_id,amount,day\n9,1,2026-01-02\n")
        (raw / "shop/1.json").unlink()
        self.run_job(module)
        self.assertEqual(sorted(row["order_id"] for row in self.table(module, "orders").collect()), [1, 9])

    def test_a_required_value_that_is_no_number_is_refused(self):
        module = script(self.path)
        self.drop(module, "1.csv", "order_id,amount,day\n1,much,2026-01-01\n2,3,2026-01-01\n")
        with self.assertRaisesRegex(module.Refused, "amount in 1"):
            self.run_job(module)

    def test_what_a_person_wrote_about_the_product_is_no_part_of_the_script(self):
        self.assertNotIn("test", self.path.read_text().split("TRANSFORM", 1)[0].split("CONTRACT = ", 1)[1])


if __name__ == "__main__":
    unittest.main()
