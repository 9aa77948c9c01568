//! The resource policy of a Data Catalog.

use serde_json::Value;

/// Whether a policy lets AWS RAM share the catalog: with a policy of its own a catalog needs the action `glue:ShareResource` for
/// `ram.amazonaws.com`, without one it does not (Lake Formation developer guide, "Managing cross-account permissions using both
/// AWS Glue and Lake Formation").
pub(super) fn lets_shares(policy: &str) -> bool {
    let Ok(policy) = serde_json::from_str::<Value>(policy) else { return false };
    let statements = match &policy["Statement"] {
        Value::Array(statements) => statements.iter().collect(),
        one => vec![one],
    };
    statements.into_iter().any(|statement| {
        statement["Effect"] == "Allow"
            && texts(&statement["Principal"]["Service"]).any(|service| service == "ram.amazonaws.com")
            && texts(&statement["Action"]).any(|action| ["glue:ShareResource", "glue:*"].contains(&action))
    })
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let many = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    many.chain(value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_lets_ram_share_or_does_not() {
        let good = r#"{"Statement": [{"Effect": "Allow", "Principal": {"Service": ["ram.amazonaws.com"]}, "Action": "glue:ShareResource", "Resource": "*"}]}"#;
        let other =
            r#"{"Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["glue:ShareResource"]}}"#;
        assert!(lets_shares(good));
        assert!(!lets_shares(&good.replace("Allow", "Deny")));
        assert!(!lets_shares(other) && !lets_shares("") && !lets_shares("[1]"));
    }
}
