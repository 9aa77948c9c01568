"""Touchpoints of customers: each answer to a campaign and each talk with an agent is an event.

`inputs` holds a data frame for each staged table, by `<product>.<table>`, with the columns that the input port opens.
"""

from pyspark.sql import functions as F


def transform(spark, inputs):
    campaigns = inputs["campaign-performance.campaign_results"].select(
        F.concat_ws(":", F.lit("campaign"), "campaign_id", "customer_key").alias("event_id"),
        "customer_key",
        F.concat_ws(" ", F.lit("campaign"), "channel").alias("touchpoint"),
        F.col("responded_at").alias("occurred_at"),
    )
    interactions = inputs["agent-performance.interactions"].select(
        F.concat_ws(":", F.lit("interaction"), "interaction_id").alias("event_id"),
        "customer_key",
        F.lit("support").alias("touchpoint"),
        F.col("handled_at").alias("occurred_at"),
    )
    events = campaigns.unionByName(interactions).dropDuplicates(["event_id"])
    # only customers that are known: the profile is the third input
    known = inputs["customer-360.customer_profile"].select("customer_key").distinct()
    return {"journey_events": events.join(known, "customer_key", "left_semi")}
