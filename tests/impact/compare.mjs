// Compares meshform's predicted replacements with those of @aws-cdk/cloudformation-diff: every property of every resource
// is mutated in turn. Run by `make impact`; docs/impact.md says what was found.
//
// Each place where the two differ needs an entry with a reason in disagreements.json; an entry that nothing needs is refused.

import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = resolve(HERE, '../..');
const WORK = join(ROOT, '.local/impact');
const { fullDiff, ResourceImpact } = createRequire(join(WORK, 'package.json'))('@aws-cdk/cloudformation-diff');

// The big mesh is made of the same resources many times over: one of each type and shape of pointer is enough.
const MESHES = [
  { name: 'demo', every: true },
  { name: 'small', size: ['3', '2', '2'], every: true },
  { name: 'big', size: ['30', '4', '10'], every: false },
];

const copy = (value) => JSON.parse(JSON.stringify(value));
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isIntrinsic = (value) => isObject(value) && Object.keys(value).length === 1 && /^(Ref$|Fn::)/.test(Object.keys(value)[0]);

function templates(directory) {
  const found = [];
  for (const name of readdirSync(directory).sort()) {
    const path = join(directory, name);
    if (statSync(path).isDirectory()) found.push(...templates(path));
    else if (name.endsWith('.template.json')) found.push(path);
  }
  return found;
}

function synthesized(mesh) {
  if (!mesh.size) return join(ROOT, 'stacks', mesh.name);
  const environment = join(WORK, 'environments', mesh.name);
  const out = join(WORK, 'stacks', mesh.name);
  for (const path of [environment, out]) rmSync(path, { recursive: true, force: true });
  mkdirSync(dirname(out), { recursive: true });
  execFileSync('python3', [join(ROOT, 'benches/gen_mesh.py'), ...mesh.size, environment], { stdio: 'inherit' });
  execFileSync(join(ROOT, 'target/debug/meshform'), ['synth', '-e', environment, '--out', out], { stdio: ['ignore', 'ignore', 'inherit'] });
  return out;
}

// A resource and all that refers to it, directly or through others: what its change cannot reach only costs time.
function reached(template, logicalId) {
  const entries = Object.entries(template.Resources).map(([id, entry]) => [id, JSON.stringify(entry)]);
  const ids = new Set([logicalId]);
  for (const id of ids) {
    const forms = [`"Ref":"${id}"`, `"Fn::GetAtt":["${id}"`, `"Fn::GetAtt":"${id}.`, `\${${id}}`, `\${${id}.`];
    for (const [other, text] of entries) if (forms.some((form) => text.includes(form))) ids.add(other);
  }
  return { Resources: Object.fromEntries([...ids].sort().map((id) => [id, template.Resources[id]])) };
}

function mutated(value) {
  if (typeof value === 'string') return `${value}x`;
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  return 'mutated';
}

// Every mutation of an entry as [shape of the pointer, what was done, how to make the new entry].
function* mutations(entry) {
  function* below(path, shape, value) {
    const changed = (to) => () => {
      const result = copy(entry);
      let at = result;
      for (const key of path.slice(0, -1)) at = at[key];
      const last = path[path.length - 1];
      if (to === undefined) {
        if (Array.isArray(at)) at.splice(last, 1);
        else delete at[last];
      } else at[last] = to;
      return result;
    };
    if (path.length === 2 && path[0] === 'Properties') yield [shape, 'removed', changed(undefined)];
    if (Array.isArray(value)) {
      if (value.length > 0) {
        yield [shape, 'shortened', changed(value.slice(0, -1))];
        yield [shape, 'lengthened', changed([...value, leafChanged(value[value.length - 1])])];
      }
      for (const [index, inner] of value.entries()) yield* below([...path, index], `${shape}/*`, inner);
    } else if (isObject(value) && !isIntrinsic(value)) {
      for (const [key, inner] of Object.entries(value)) yield* below([...path, key], `${shape}/${key}`, inner);
    } else {
      yield [shape, 'changed', changed(mutated(value))];
    }
  }
  for (const [key, value] of Object.entries(entry.Properties ?? {})) yield* below(['Properties', key], `/${key}`, value);
  for (const policy of ['DeletionPolicy', 'UpdateReplacePolicy']) {
    yield [`(${policy})`, 'changed', () => ({ ...entry, [policy]: entry[policy] === 'Retain' ? 'Delete' : 'Retain' })];
  }
  yield ['(Metadata)', 'changed', () => ({ ...entry, Metadata: { mutated: true } })];
}

function leafChanged(value) {
  if (!isObject(value) || isIntrinsic(value)) return mutated(value);
  const result = copy(value);
  const [key] = Object.keys(result);
  if (key !== undefined) result[key] = mutated(result[key]);
  return result;
}

const OURS = { 'may-be-replaced': 'may', replaced: 'will' };
const THEIRS = { [ResourceImpact.MAY_REPLACE]: 'may', [ResourceImpact.WILL_REPLACE]: 'will' };

// None where the package itself fails, as it does when a document that it looks into is gone.
function theirs(base, head) {
  const found = {};
  let difference;
  try {
    difference = fullDiff(base, head);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
  difference.resources.forEachDifference((id, change) => {
    found[id] = THEIRS[change.changeImpact] ?? 'no';
  });
  return found;
}

const started = Date.now();
const figures = [];
const disagreements = new Map();
const failures = new Map();
const asked = [];
for (const mesh of MESHES) {
  const seen = new Set();
  const cases = [];
  const path = join(WORK, `${mesh.name}.mutations.jsonl`);
  mkdirSync(WORK, { recursive: true });
  const file = openSync(path, 'w');
  let resources = 0;
  for (const template of templates(synthesized(mesh))) {
    const whole = JSON.parse(readFileSync(template, 'utf8'));
    for (const [logicalId, entry] of Object.entries(whole.Resources ?? {})) {
      resources += 1;
      const wanted = [...mutations(entry)].filter(([shape, what]) => {
        const kind = `${entry.Type} ${shape} ${what}`;
        const fresh = mesh.every || !seen.has(kind);
        seen.add(kind);
        return fresh;
      });
      if (wanted.length === 0) continue;
      const base = reached(whole, logicalId);
      const head = { Resources: { ...base.Resources } };
      writeSync(file, `${JSON.stringify({ template: base })}\n`);
      for (const [shape, what, make] of wanted) {
        const changed = make();
        if (JSON.stringify(changed) === JSON.stringify(entry)) continue;
        writeSync(file, `${JSON.stringify({ id: cases.length, logicalId, entry: changed })}\n`);
        head.Resources[logicalId] = changed;
        cases.push({ type: entry.Type, shape, what, logicalId, types: base, theirs: theirs(base, head) });
        head.Resources[logicalId] = entry;
      }
    }
  }
  closeSync(file);
  asked.push({ mesh, path, resources, cases });
}
for (const { mesh, path, resources, cases } of asked) {
  const input = openSync(path, 'r');
  const output = execFileSync(join(ROOT, 'target/debug/examples/predict'), { stdio: [input, 'pipe', 'inherit'], maxBuffer: 2 ** 30 });
  closeSync(input);
  const lines = output.toString('utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
  if (lines.length !== cases.length) throw new Error(`${cases.length} mutations, ${lines.length} answers`);
  let answers = 0;
  let differ = 0;
  let failed = 0;
  const classes = { no: 0, may: 0, will: 0 };
  for (const [index, one] of cases.entries()) {
    if (lines[index].id !== index) throw new Error(`the answer to ${index} is missing`);
    if (one.theirs === undefined) {
      failed += 1;
      const kind = `${one.type} ${one.shape} ${one.what}`;
      failures.set(kind, (failures.get(kind) ?? 0) + 1);
      continue;
    }
    const ours = Object.fromEntries(Object.entries(lines[index].impacts).map(([id, impact]) => [id, OURS[impact] ?? 'no']));
    for (const id of new Set([one.logicalId, ...Object.keys(ours), ...Object.keys(one.theirs)])) {
      const [we, they] = [ours[id] ?? 'no', one.theirs[id] ?? 'no'];
      if (id !== one.logicalId && we === 'no' && they === 'no') continue;
      answers += 1;
      classes[we] += 1;
      if (we === they) continue;
      differ += 1;
      const own = id === one.logicalId;
      const type = own ? one.type : one.types.Resources[id].Type;
      // one reason for a property and what is below it
      const property = own ? one.shape.split('/').slice(0, 3).join('/') : `reads ${one.type}`;
      const key = JSON.stringify({ type, property, meshform: we, cloudformationDiff: they });
      const group = disagreements.get(key) ?? { times: 0, example: `${mesh.name} ${one.logicalId} ${one.shape} ${one.what}: ${id}` };
      group.times += 1;
      disagreements.set(key, group);
    }
  }
  figures.push({ mesh: mesh.name, resources, mutations: cases.length, answers, ...classes, differ, failed });
}

console.table(figures);
for (const [kind, times] of [...failures].sort()) console.log(`cloudformation-diff fails: ${kind} (${times} times)`);
const table = JSON.parse(readFileSync(join(HERE, 'disagreements.json'), 'utf8'));
const reasons = new Map(table.map(({ reason, ...key }) => [JSON.stringify(key), reason]));
let wrong = 0;
for (const [key, { times, example }] of [...disagreements].sort()) {
  if (reasons.get(key)) continue;
  wrong += 1;
  console.log(`no reason for: ${key} (${times} times, such as ${example})`);
}
for (const key of reasons.keys()) {
  if (disagreements.has(key)) continue;
  wrong += 1;
  console.log(`no longer occurs: ${key}`);
}
console.log(`${disagreements.size} kinds of disagreement, ${reasons.size} with a reason, ${((Date.now() - started) / 1000).toFixed(0)} s`);
process.exitCode = wrong === 0 ? 0 : 1;
