//! From the command line to a plan: the environment, what stands, and what is to be done.

use super::arguments::EnvironmentArguments;
use super::environment::{Chosen, synthesized};
use super::failure::{Exit, Failure};
use super::journal::run_id;
use super::mfa::one_time;
use super::ui::Ui;
use crate::assembly::{self, Assembly, Document, Manifest, Rendered, Stack, StackId};
use crate::deploy::{Access, DeployError, LockPlace, ObserveError, Origins, Reach, SeenLock};
use crate::environment::{Source, Span};
use crate::finding::Place;
use crate::mesh::{AccountId, Limits, Mesh};
use crate::plan::diff::{ChangeSetOfStack, Diff, Prepared, Side, compare_with};
use crate::plan::file::PlanFile;
use crate::plan::{Deployed, Options, Pass, Plan, documents, plan};
use crate::report::deploy::plural;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

/// Whether templates that nobody reviewed are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreviewed {
    /// They are: nothing is deployed that is not committed.
    Refused,
    /// They are not: nothing is changed.
    Allowed,
}

/// A plan, and everything that it was made from.
pub(super) struct Planned {
    pub(super) mesh: Mesh,
    pub(super) source: Source,
    pub(super) chosen: Chosen,
    pub(super) rendered: Rendered,
    pub(super) wanted: Vec<Document>,
    pub(super) options: Options,
    pub(super) run: String,
    pub(super) reach: Reach,
    pub(super) deployed: Deployed,
    pub(super) plan: Plan,
    pub(super) origins: Origins,
    /// What change sets say.
    pub(super) said: Vec<ChangeSetOfStack>,
    /// The lock as it was before the accounts were looked at; none where nothing is to be deployed, or the bucket is yet to be made.
    pub(super) lock: Looked,
}

/// The lock as it was seen, and where it lies.
pub(super) type Looked = Option<Result<(LockPlace, SeenLock), DeployError>>;

/// The mesh as it stands, and how it is reached: for what is done with stacks whatever the environment wants of them.
pub(super) struct Standing {
    pub(super) manifest: Manifest,
    pub(super) chosen: Chosen,
    pub(super) run: String,
    pub(super) reach: Reach,
    pub(super) deployed: Deployed,
    pub(super) lock: Looked,
    pub(super) limits: Limits,
    pub(super) origins: Origins,
}

/// Where the resources of an assembly are written. What is kept are places; a file is looked into when something failed.
fn origins(assembly: &Assembly, source: &Source, chosen: &Chosen) -> Origins {
    let of_stack = |stack: &Stack| -> BTreeMap<String, Place> {
        stack.template.resources.iter().map(|(id, entry)| (id.to_string(), entry.origin.clone())).collect()
    };
    let places: BTreeMap<StackId, _> =
        assembly.stacks.iter().map(|(id, stack)| (id.clone(), of_stack(stack))).collect();
    let (source, directory) = (source.clone(), chosen.directory.display().to_string());
    Origins::new(move |stack, resource| {
        let place = places.get(stack)?.get(resource)?;
        let Span { start_line, start_column, .. } = source.locate(place);
        Some(format!("{directory}/{}:{start_line}:{start_column}", place.file))
    })
}

/// Looks at the lock, then at every stack of an environment's mesh; findings of the environment refuse.
pub(super) fn looked(environment: &EnvironmentArguments, ui: &mut Ui) -> Result<Result<Standing, Exit>, Failure> {
    let synthesized = synthesized(environment, None)?;
    let source = synthesized.source.clone();
    let (mesh, assembly, chosen) = match synthesized.or_refuse(ui)? {
        Ok(result) => result,
        Err(exit) => return Ok(Err(exit)),
    };
    let origins = origins(&assembly, &source, &chosen);
    let manifest = assembly.render().manifest;
    let run = run_id();
    let reach = reach(&mesh, &run, ui)?;
    let lock = look_at_lock(&mesh, &reach, Access::Deploy);
    let options = Options { pass: Pass::Mesh, select: None };
    let deployed = crate::deploy::observe(&manifest, &options, &reach).map_err(not_observed)?;
    Ok(Ok(Standing { manifest, chosen, run, reach, deployed, lock, limits: mesh.deployment.limits, origins }))
}

fn look_at_lock(mesh: &Mesh, reach: &Reach, access: Access) -> Looked {
    let place = LockPlace {
        access,
        account: mesh.governance.clone(),
        region: mesh.region.clone(),
        bucket: mesh.staging_bucket(&mesh.governance),
    };
    Some(crate::deploy::look_at_lock(&place, reach).map(|seen| (place, seen)))
}

/// The lock as the administrator sees it; none where the first bootstrap is yet to make the bucket that it lies in.
pub(super) fn lock_of_bootstrap(mesh: &Mesh, reach: &Reach) -> Looked {
    look_at_lock(mesh, reach, Access::Administrator)
        .filter(|looked| !looked.as_ref().is_err_and(DeployError::has_no_place_for_a_lock))
}

/// Synthesizes, looks at what stands as a role that can only look, and makes the plan.
pub(super) fn planned(
    environment: &EnvironmentArguments,
    options: Options,
    unreviewed: Unreviewed,
    ui: &mut Ui,
) -> Result<Result<Planned, Exit>, Failure> {
    let synthesized = synthesized(environment, None)?;
    let source = synthesized.source.clone();
    let (mesh, assembly, chosen) = match synthesized.or_refuse(ui)? {
        Ok(result) => result,
        Err(exit) => return Ok(Err(exit)),
    };
    let rendered = assembly.render();
    if unreviewed == Unreviewed::Refused
        && let Some(exit) = refuse_unreviewed(&rendered, &chosen, ui)?
    {
        return Ok(Err(exit));
    }
    let run = run_id();
    let reach = reach(&mesh, &run, ui)?;
    let lock = match (unreviewed, options.pass) {
        (Unreviewed::Allowed, _) => None,
        (Unreviewed::Refused, Pass::Mesh) => look_at_lock(&mesh, &reach, Access::Deploy),
        (Unreviewed::Refused, Pass::Bootstrap) => lock_of_bootstrap(&mesh, &reach),
    };
    let deployed = crate::deploy::observe(&rendered.manifest, &options, &reach).map_err(not_observed)?;
    warn_of_strays(&deployed, ui)?;
    let plan = plan(&rendered, &deployed, &options).map_err(|error| {
        let hints = error.hints();
        hints.into_iter().fold(Failure::new(error), Failure::hint)
    })?;
    let wanted = Document::all(&assembly);
    let origins = origins(&assembly, &source, &chosen);
    Ok(Ok(Planned {
        mesh,
        source,
        chosen,
        rendered,
        wanted,
        options,
        run,
        reach,
        deployed,
        plan,
        origins,
        said: Vec::new(),
        lock,
    }))
}

impl Planned {
    /// What the plan means: what stands, compared with what will.
    pub(super) fn diff(&self) -> Diff {
        let stacks = self.plan.steps.keys().map(|step| step.stack.clone()).collect();
        let (base, head) = documents(&self.wanted, &self.deployed, &stacks);
        let base = Prepared::new(accounts_side(&self.deployed), base, None);
        let side = Side { name: "the environment".to_owned(), limits: Vec::new() };
        let head = Prepared::new(side, head, Some((self.source.clone(), self.mesh.clone())));
        compare_with(&base, &head, None, &self.said).0
    }

    /// The record of the plan.
    pub(super) fn file(&self, diff: &Diff) -> PlanFile {
        let diff = crate::sure(serde_json::to_value(diff), "a difference has text keys");
        PlanFile::of(&self.chosen.name, &self.options, &self.rendered.manifest, &self.deployed, &self.plan, diff)
    }
}

/// What stands, as a side that is compared with. Of an environment that refuses nothing is looked at: the other side tells why.
pub(super) fn accounts(environment: &EnvironmentArguments, ui: &mut Ui) -> Result<Prepared, Failure> {
    let Some((mesh, assembly)) = synthesized(environment, None)?.result else {
        return Ok(Prepared::new(accounts_side(&Deployed::default()), Vec::new(), None));
    };
    let options = Options { pass: Pass::Mesh, select: None };
    let manifest = assembly.render().manifest;
    let deployed = crate::deploy::observe(&manifest, &options, &reach(&mesh, &run_id(), ui)?).map_err(not_observed)?;
    warn_of_strays(&deployed, ui)?;
    let stacks = assembly.stacks.keys().filter(|id| deployed.stacks.contains_key(*id)).cloned().collect();
    let (base, _) = documents(&Document::all(&assembly), &deployed, &stacks);
    Ok(Prepared::new(accounts_side(&deployed), base, None))
}

/// What stands of an environment's mesh, looked at by the plan role; none of an environment that refuses.
pub(super) fn standing(environment: &EnvironmentArguments, ui: &mut Ui) -> Result<Option<Deployed>, Failure> {
    let (mesh, assembly, _) = match synthesized(environment, None)?.or_refuse(ui)? {
        Ok(result) => result,
        Err(_) => return Ok(None),
    };
    let options = Options { pass: Pass::Mesh, select: None };
    let deployed = crate::deploy::observe(&assembly.render().manifest, &options, &reach(&mesh, &run_id(), ui)?);
    deployed.map(Some).map_err(not_observed)
}

fn accounts_side(deployed: &Deployed) -> Side {
    let strays: usize = deployed.strays.values().map(BTreeSet::len).sum();
    let line = || {
        let stacks = plural(strays, "stack");
        format!("{stacks} that nothing asks for any more still stand; what they grant is not looked at")
    };
    let limits = if strays > 0 { vec![line()] } else { Vec::new() };
    Side { name: "the accounts".to_owned(), limits }
}

/// What is deployed is what was reviewed: where `stacks/<env>` stands, it must be fresh.
fn refuse_unreviewed(rendered: &Rendered, chosen: &Chosen, ui: &mut Ui) -> Result<Option<Exit>, Failure> {
    let directory = chosen.stacks();
    if !directory.is_dir() {
        ui.say(&format!("{} does not exist: what is deployed was not reviewed as templates", directory.display()))?;
        return Ok(None);
    }
    let stale = assembly::compare(rendered, &directory).map_err(Failure::new)?;
    if stale.is_empty() {
        return Ok(None);
    }
    let failure = Failure::new(format!(
        "{} of {} files in {} are not what the environment says",
        stale.len(),
        rendered.templates.len() + rendered.assets.len() + 1,
        directory.display()
    ))
    .hint("run `meshform synth`, have the change reviewed, then deploy")
    .exit(Exit::Changes);
    Ok(Some(ui.failure(&failure)))
}

/// How the accounts are reached; asks for the code of an MFA device where mesh.yaml names one.
pub(super) fn reach(mesh: &Mesh, run: &str, ui: &mut Ui) -> Result<Reach, Failure> {
    let domains = mesh.domains.values().map(|domain| &domain.account);
    let consumers = mesh.consumers.values().map(|consumer| &consumer.account);
    let staging: BTreeMap<AccountId, String> = domains
        .chain(consumers)
        .chain([&mesh.governance])
        .map(|account| (account.clone(), mesh.staging_bucket(account)))
        .collect();
    let deployment = &mesh.deployment;
    Ok(Reach {
        partition: mesh.region.partition().to_owned(),
        region: mesh.region.clone(),
        plan_role: deployment.plan_role.clone(),
        deploy_role: deployment.deploy_role.clone(),
        execution_role: deployment.execution_role.clone(),
        administrator_role: deployment.administrator_role.clone(),
        external_id: deployment.external_id.clone(),
        hub: deployment.hub.clone(),
        mfa: one_time(mesh, ui)?,
        run: run.to_owned(),
        staging,
    })
}

/// Each distinct reason once: an account that cannot be entered tells the same for all of its stacks.
pub(super) fn not_observed(error: ObserveError) -> Failure {
    let error = match error {
        // no call was made: what was asked for is not there
        ObserveError::Plan(error) => {
            let hints = error.hints();
            return hints.into_iter().fold(Failure::new(error).exit(Exit::Usage), Failure::hint);
        }
        error @ (ObserveError::Calls { .. } | ObserveError::Runtime(_)) => error,
    };
    let reasons = error
        .distinct()
        .into_iter()
        .map(|(reason, stacks)| format!("{reason} ({})", plural(stacks, "stack")))
        .collect();
    let hints = error.hints();
    let mut failure = Failure::new(error);
    failure.details = reasons;
    hints.into_iter().fold(failure, Failure::hint)
}

/// What the environment no longer asks for still grants what it granted; removing it is a person's decision for now.
fn warn_of_strays(deployed: &Deployed, ui: &mut Ui) -> Result<(), Failure> {
    for (account, stacks) in &deployed.strays {
        let names: Vec<&str> = stacks.iter().map(String::as_str).collect();
        let verb = if names.len() == 1 { "stands" } else { "stand" };
        writeln!(
            ui.err,
            "warning: in account {account} {verb} {}, which the environment no longer asks for: what they grant stays\n  hint: delete stacks of the layer access before those of sharing, and these before publication",
            names.join(", ")
        )?;
    }
    Ok(())
}
