// What an editor shows over our files: drives yaml-language-server, which VS Code, Neovim, Helix and others use, over the demo,
// over broken copies of it, and over what `meshform new` writes. Run by `make editors`.
//
// The schemas are found by the modeline in each file alone: no schema is configured, and the store of schemas on the network
// is not asked.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = resolve(HERE, '../..');
const SERVER = join(ROOT, '.local/editors/node_modules/yaml-language-server/bin/yaml-language-server');
const MESHFORM = resolve(process.argv[2] ?? join(ROOT, 'target/debug/meshform'));
const LIMIT = 30_000;

/** What an editor answers when the server asks for its settings. */
const CONFIGURATION = { yaml: { validate: true, hover: true, completion: true, schemaStore: { enable: false } } };

/** The language server as a child process, spoken to in JSON-RPC over its standard input and output. */
class Server {
  constructor(workspace) {
    this.process = spawn(process.execPath, [SERVER, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.waiting = new Map();
    this.diagnosed = new Map();
    this.buffer = Buffer.alloc(0);
    this.last = 0;
    this.process.stdout.on('data', (bytes) => this.read(bytes));
    this.workspace = workspace;
  }

  read(bytes) {
    this.buffer = Buffer.concat([this.buffer, bytes]);
    for (;;) {
      const end = this.buffer.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/Content-Length: (\d+)/i.exec(this.buffer.subarray(0, end).toString())[1]);
      if (this.buffer.length < end + 4 + length) return;
      const message = JSON.parse(this.buffer.subarray(end + 4, end + 4 + length).toString());
      this.buffer = this.buffer.subarray(end + 4 + length);
      this.take(message);
    }
  }

  take(message) {
    if (message.method === undefined) {
      const { done, fail } = this.waiting.get(message.id);
      this.waiting.delete(message.id);
      if (message.error) fail(new Error(message.error.message));
      else done(message.result);
    } else if (message.method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics } = message.params;
      this.diagnosed.get(uri)?.(diagnostics);
    } else if (message.id !== undefined) {
      const of = ({ section }) => CONFIGURATION[section] ?? {};
      const result = message.method === 'workspace/configuration' ? message.params.items.map(of) : null;
      this.send({ id: message.id, result });
    }
  }

  send(message) {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message });
    this.process.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  request(method, params) {
    const id = ++this.last;
    const answer = new Promise((done, fail) => this.waiting.set(id, { done, fail }));
    this.send({ id, method, params });
    return within(answer, method);
  }

  async start() {
    const rootUri = pathToFileURL(this.workspace).href;
    const documentation = { completionItem: { documentationFormat: ['plaintext'] } };
    await this.request('initialize', {
      processId: process.pid,
      rootUri,
      workspaceFolders: [{ uri: rootUri, name: 'workspace' }],
      capabilities: { textDocument: { completion: documentation, publishDiagnostics: {} } },
    });
    this.send({ method: 'initialized', params: {} });
  }

  /** Opens a text as the file at a path, and answers what the server says is wrong with it. It keeps what it read by version. */
  async open(path, text) {
    const uri = pathToFileURL(path).href;
    const diagnostics = new Promise((done) => this.diagnosed.set(uri, done));
    this.send({ method: 'textDocument/didOpen', params: { textDocument: { uri, languageId: 'yaml', version: ++this.last, text } } });
    return within(diagnostics, `diagnostics of ${path}`);
  }

  /** Closes a file; the server then takes back what it said of it, which must not be taken for an answer about the next text. */
  async close(path) {
    const uri = pathToFileURL(path).href;
    const taken = new Promise((done) => this.diagnosed.set(uri, done));
    this.send({ method: 'textDocument/didClose', params: { textDocument: { uri } } });
    assert.deepEqual(await within(taken, `closing ${path}`), []);
  }

  complete(path, line, character) {
    return this.request('textDocument/completion', { textDocument: { uri: pathToFileURL(path).href }, position: { line, character } });
  }

  hover(path, line, character) {
    return this.request('textDocument/hover', { textDocument: { uri: pathToFileURL(path).href }, position: { line, character } });
  }

  /** Asks it to end, waits, and only then kills that process. */
  async stop() {
    if (this.process.exitCode !== null) return;
    const ended = new Promise((done) => this.process.once('exit', done));
    await this.request('shutdown', null).catch(() => null);
    this.send({ method: 'exit' });
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 5_000);
    await ended;
    clearTimeout(timer);
  }
}

function within(promise, what) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`${what}: no answer within ${LIMIT / 1000} s`)), LIMIT);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function yamlFiles(directory) {
  return readdirSync(directory).sort().flatMap((name) => {
    const path = join(directory, name);
    if (statSync(path).isDirectory()) return yamlFiles(path);
    return name.endsWith('.yaml') ? [path] : [];
  });
}

const shown = (diagnostics) => diagnostics.map(({ range, message }) => `${range.start.line + 1}: ${message}`).join('\n');

/** The line, from 0, and the text where a text stands alone in a file. */
function lineOf(text, words) {
  const lines = text.split('\n');
  const line = lines.findIndex((candidate) => candidate.includes(words));
  assert.ok(line >= 0, `nothing says ${words}`);
  return line;
}

/** Each: a file of the demo, what is replaced by what, the line that must be marked, and words of the message. */
const BROKEN = [
  ['a mistyped field', 'domains/sales.yaml', '    outputPorts:', '    outputPort:', '    outputPort:', /outputPort/],
  ['a mistyped field of a column', 'domains/sales.yaml', 'order_id, logicalType: string, primaryKey', 'order_id, logicalType: string, primarykey', 'primarykey', /primarykey/],
  ['a wrong type', 'domains/sales.yaml', 'account: "444444444444"', 'account: 444444444444', 'account: 444444444444', /string/],
  ['a list that is none', 'consumers/data-science.yaml', 'tools: [sagemaker, athena]', 'tools: athena', 'tools: athena', /array/],
  ['an unknown logical type', 'domains/sales.yaml', 'order_id, logicalType: string', 'order_id, logicalType: text', 'logicalType: text', /"integer"/],
  ['an unknown tool', 'consumers/data-science.yaml', '[sagemaker, athena]', '[sagemaker, excel]', 'excel', /"athena"/],
  ['an unknown port', 'domains/sales.yaml', '{type: sql}', '{type: sequel}', 'sequel', /"sql"/],
  ['a missing field', 'mesh.yaml', 'tenant: acme\n', '', 'kind: Mesh', /tenant/],
  ['another kind', 'domains/sales.yaml', 'kind: Domain', 'kind: Consumer', 'kind: Consumer', /Domain/],
];

async function demo(server, environment) {
  const files = yamlFiles(environment);
  assert.equal(files.length, 8);
  for (const path of files) {
    const diagnostics = await server.open(path, readFileSync(path, 'utf8'));
    assert.equal(shown(diagnostics), '', path);
    await server.close(path);
  }
  console.log(`nothing is wrong with the ${files.length} files of the demo`);
}

async function broken(server, environment) {
  for (const [what, file, from, to, marked, words] of BROKEN) {
    const path = join(environment, file);
    const text = readFileSync(path, 'utf8');
    assert.ok(text.includes(from), `${file} does not say ${from}`);
    const spoiled = text.replace(from, to);
    const diagnostics = await server.open(path, spoiled);
    const line = lineOf(spoiled, marked);
    const told = diagnostics.some(({ range, message }) => range.start.line === line && words.test(message));
    assert.ok(told, `${what}: line ${line + 1} of ${file} should be marked with ${words}, but it says:\n${shown(diagnostics)}`);
    await server.close(path);
  }
  console.log(`${BROKEN.length} broken files are marked at the line that is wrong`);
}

/** Each: a file of the demo, the line before the one that is typed, what is typed, and names that must be offered. */
const OFFERED = [
  ['of a domain', 'domains/sales.yaml', 'account:', '', ['principals', 'athena', 'accept']],
  ['of a product', 'domains/sales.yaml', '    slaProperties:', '    ', ['version', 'inputPorts', 'processing', 'crawl']],
  ['of a consumer', 'consumers/data-science.yaml', 'tools:', '', ['network', 'athena', 'quicksight', 'models']],
  ['of the mesh', 'mesh.yaml', 'region:', '', ['classifications', 'defaults', 'deployment', 'adoptSettings']],
];

async function completion(server, environment) {
  for (const [what, file, after, typed, names] of OFFERED) {
    const path = join(environment, file);
    const lines = readFileSync(path, 'utf8').split('\n');
    const at = lines.findIndex((line) => line.startsWith(after)) + 1;
    assert.ok(at > 0, `${file} does not say ${after}`);
    lines.splice(at, 0, typed);
    await server.open(path, lines.join('\n'));
    const { items } = await server.complete(path, at, typed.length);
    for (const name of names) {
      const item = items.find((candidate) => candidate.label === name);
      assert.ok(item, `${name} is not offered as a field ${what}, but ${items.map(({ label }) => label)}`);
      const documentation = item.documentation?.value ?? item.documentation ?? '';
      assert.ok(documentation.length > 10, `${name} is offered without its documentation: ${JSON.stringify(item)}`);
    }
    await server.close(path);
  }
  // values of a closed set, each with its meaning
  const path = join(environment, 'domains/sales.yaml');
  const text = readFileSync(path, 'utf8').replace('order_id, logicalType: string', 'order_id, logicalType: ');
  await server.open(path, text);
  const line = lineOf(text, 'order_id, logicalType: ,');
  const { items } = await server.complete(path, line, text.split('\n')[line].indexOf('logicalType: ') + 'logicalType: '.length);
  assert.ok(['string', 'timestamp', 'boolean'].every((name) => items.some(({ label }) => label === name)), JSON.stringify(items));
  await server.close(path);
  console.log(`fields are offered with their documentation at ${OFFERED.length} places, and the values of a closed set`);
}

async function hover(server, environment) {
  const path = join(environment, 'domains/sales.yaml');
  const text = readFileSync(path, 'utf8');
  await server.open(path, text);
  const line = lineOf(text, '    outputPorts:');
  const answer = await server.hover(path, line, 8);
  const words = answer.contents.value ?? answer.contents;
  assert.match(String(words), /Ways out of the product/);
  await server.close(path);
  console.log('a field is explained where somebody points at it');
}

async function written(server, workspace) {
  const rest = ['--team', 'payments "data" {{x}}', '--email', 'payments@acme.example', '-e', 'demo'];
  // the text of a team that resource tags would not take is refused; an editor sees what is written
  const team = ['--team', 'payments: data', ...rest.slice(2)];
  for (const [kind, name, account, more] of [
    ['domain', 'payments', '999999999999', []],
    ['domain', 'returns', '999999999998', ['--empty']],
    ['consumer', 'finance', '999999999997', []],
  ]) {
    const run = (values) => execFileSync(MESHFORM, ['--quiet', 'new', kind, name, '--account', account, ...values, ...more], { cwd: workspace, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    assert.throws(() => run(rest), /cannot be the value of a resource tag/);
    const path = join(workspace, run(team).trim());
    const diagnostics = await server.open(path, readFileSync(path, 'utf8'));
    assert.equal(shown(diagnostics), '', path);
    await server.close(path);
  }
  console.log('nothing is wrong with what `meshform new` writes');
}

const workspace = mkdtempSync(join(tmpdir(), 'meshform-editors-'));
const server = new Server(workspace);
try {
  cpSync(join(ROOT, 'environments'), join(workspace, 'environments'), { recursive: true });
  const environment = join(workspace, 'environments/demo');
  await server.start();
  await demo(server, environment);
  await broken(server, environment);
  await completion(server, environment);
  await hover(server, environment);
  await written(server, workspace);
} finally {
  await server.stop();
  rmSync(workspace, { recursive: true, force: true });
}
