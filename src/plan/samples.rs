//! Small assemblies for the tests of the plan and of the executor.

use super::{Deployed, Observed, Protection, StackStatus, Standing};
use crate::assembly::{
    After, Effect, Layer, Manifest, ManifestStack, Operation, ParameterValue, Rendered, StackId, Wire,
};
use crate::mesh::{AccountId, Region, fingerprint};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn id(text: &str) -> StackId {
    StackId::try_from(text.to_owned()).unwrap()
}

/// A stack of the manifest in the making.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    stack: ManifestStack,
    template: Value,
}

/// A stack of an owner; the owner decides the account: governance 111111111111, everybody else 222222222222.
pub(crate) fn stack(text: &str) -> Sample {
    let id = id(text);
    let account = if id.owner() == "governance" { "111111111111" } else { "222222222222" };
    let template = json!({"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": text}}}});
    let layers = [
        Layer::Bootstrap,
        Layer::Foundation,
        Layer::Storage,
        Layer::Workspace,
        Layer::Publication,
        Layer::Sharing,
        Layer::Access,
    ];
    let layer = layers.into_iter().find(|layer| text.contains(layer.name())).unwrap_or(Layer::Storage);
    Sample {
        stack: ManifestStack {
            account: AccountId::parse(account).unwrap(),
            region: Region::parse("eu-west-1").unwrap(),
            owner: id.owner().to_owned(),
            layer,
            template: format!("{id}.template.json"),
            sha256: String::new(),
            capabilities: vec!["CAPABILITY_NAMED_IAM".to_owned()],
            parameters: BTreeMap::new(),
            after: BTreeSet::new(),
            assets: Vec::new(),
            id,
        },
        template,
    }
}

impl Sample {
    pub(crate) fn wire(mut self, name: &str, from: &str, output: &str) -> Self {
        let wire = Wire { stack: id(from), output: output.to_owned() };
        self.stack.parameters.insert(name.to_owned(), ParameterValue::Wire(wire));
        self
    }

    pub(crate) fn literal(mut self, name: &str, value: &str) -> Self {
        self.stack.parameters.insert(name.to_owned(), ParameterValue::Literal(value.to_owned()));
        self
    }

    pub(crate) fn after(mut self, other: &str, effect: Effect) -> Self {
        self.stack.after.insert(After { stack: id(other), effect });
        self
    }

    #[cfg(feature = "aws")]
    pub(crate) fn account(mut self, account: &str) -> Self {
        self.stack.account = AccountId::parse(account).unwrap();
        self
    }

    pub(crate) fn template(mut self, template: Value) -> Self {
        self.template = template;
        self
    }

    pub(crate) fn built(self) -> ManifestStack {
        self.stack
    }
}

pub(crate) fn manifest(samples: Vec<Sample>) -> Manifest {
    rendered(samples).manifest
}

pub(crate) fn rendered(samples: Vec<Sample>) -> Rendered {
    let mut templates = BTreeMap::new();
    let mut stacks = Vec::new();
    for mut sample in samples {
        // as each template of ours says
        sample.template["Description"] = json!("A sample of the data mesh demo");
        let text = crate::assembly::pretty(&sample.template);
        sample.stack.sha256 = fingerprint(&text);
        templates.insert(sample.stack.id.clone(), text);
        stacks.push(sample.stack);
    }
    Rendered {
        manifest: Manifest {
            version: 1,
            mesh: "demo".to_owned(),
            operation: Operation::default(),
            stacks,
            assets: Vec::new(),
        },
        templates,
        assets: BTreeMap::new(),
    }
}

/// A stack that stands without anything.
pub(crate) fn standing(status: impl Into<StackStatus>) -> Standing {
    Standing {
        stack_arn: "arn:aws:cloudformation:eu-west-1:111111111111:stack/demo/1".to_owned(),
        status: status.into(),
        template: None,
        parameters: BTreeMap::new(),
        outputs: BTreeMap::new(),
        role_arn: None,
        termination_protection: Protection::Off,
        stack_policy: None,
        stubborn: Vec::new(),
        change_sets: Vec::new(),
    }
}

/// Nothing stands anywhere.
pub(crate) fn nothing(rendered: &Rendered) -> Deployed {
    let stacks = rendered.manifest.stacks.iter().map(|stack| (stack.id.clone(), Observed::Absent));
    Deployed { stacks: stacks.collect(), strays: BTreeMap::new() }
}

/// Everything stands as the assembly has it; each stack has the outputs `KeyArn` and `Y`.
pub(crate) fn everything(rendered: &Rendered) -> Deployed {
    let outputs = |name: &str| {
        BTreeMap::from([("KeyArn".to_owned(), format!("{name}-key")), ("Y".to_owned(), format!("{name}-y"))])
    };
    let stacks = rendered.manifest.stacks.iter().map(|stack| {
        let parameters = stack.parameters.iter().map(|(name, value)| {
            let value = match value {
                ParameterValue::Literal(value) => value.clone(),
                ParameterValue::Wire(wire) => outputs(wire.stack.name())[&wire.output].clone(),
            };
            (name.clone(), value)
        });
        let standing = Standing {
            stack_arn: format!("arn:aws:cloudformation:eu-west-1:{}:stack/{}/1", stack.account, stack.id.name()),
            template: serde_json::from_str(&rendered.templates[&stack.id]).ok(),
            parameters: parameters.collect(),
            outputs: outputs(stack.id.name()),
            termination_protection: Protection::On,
            ..standing(StackStatus::CreateComplete)
        };
        (stack.id.clone(), Observed::Present(Box::new(standing)))
    });
    Deployed { stacks: stacks.collect(), strays: BTreeMap::new() }
}

pub(crate) fn publication_template() -> Value {
    let tag =
        |key: &str, value: &str| json!([{"CatalogId": {"Ref": "AWS::AccountId"}, "TagKey": key, "TagValues": [value]}]);
    let column = |name: &str, value: &str| {
        json!({"Type": "AWS::LakeFormation::TagAssociation", "Properties": {
        "Resource": {"TableWithColumns": {"CatalogId": {"Ref": "AWS::AccountId"}, "DatabaseName": {"Ref": "Database"}, "Name": {"Ref": "Table"}, "ColumnNames": [name]}},
        "LFTags": tag("demo/classification", value)}})
    };
    json!({"Resources": {
        "Database": {"Type": "AWS::Glue::Database", "Properties": {"CatalogId": {"Ref": "AWS::AccountId"}, "DatabaseInput": {"Name": "demo_sales_orders"}}},
        "Table": {"Type": "AWS::Glue::Table", "Properties": {"DatabaseName": {"Ref": "Database"}, "TableInput": {"Name": "orders"}}},
        "DatabaseTag": {"Type": "AWS::LakeFormation::TagAssociation", "Properties": {
            "Resource": {"Database": {"CatalogId": {"Ref": "AWS::AccountId"}, "Name": "demo_sales_orders"}},
            "LFTags": tag("demo/sales", "orders")}},
        "TableTag": {"Type": "AWS::LakeFormation::TagAssociation", "Properties": {
            "Resource": {"Table": {"CatalogId": {"Ref": "AWS::AccountId"}, "DatabaseName": "demo_sales_orders", "Name": "orders"}},
            "LFTags": tag("demo/classification", "unclassified")}},
        "ColumnOne": column("email", "pii"),
        "ColumnTwo": column("order_id", "internal"),
    }})
}

pub(crate) fn subscriber_template() -> Value {
    json!({"Resources": {"Link": {"Type": "AWS::Glue::Database", "Properties": {
        "CatalogId": {"Ref": "AWS::AccountId"},
        "DatabaseInput": {"Name": "demo_sales_orders", "TargetDatabase": {"CatalogId": "111111111111", "DatabaseName": "demo_sales_orders", "Region": "eu-west-1"}}}}}})
}
