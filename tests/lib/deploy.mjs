// deploy.mjs - what the tests of deploy/ share: its files, the program's options, the tools they are held against.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { binary, root, run } from './program.mjs';

export const deploy = path.join(root, 'deploy');
/** A file of deploy/ as text. */
export const read = (...parts) => fs.readFileSync(path.join(deploy, ...parts), 'utf8');
export const has = (program) => run('sh', ['-c', `command -v ${program}`]).code === 0;

const documents = new Map();

/** A YAML file of deploy/, as the reader of Python's yaml package sees it. */
export function yaml(...parts) {
  const file = parts.join('/');
  if (!documents.has(file)) documents.set(file, readYaml(file));
  return documents.get(file);
}

function readYaml(file) {
  const { code, out, err } = run('python3', ['-c', 'import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))', path.join(deploy, file)]);
  assert.equal(code, 0, `${file}: ${err}`);
  return JSON.parse(out);
}

/** NAME=value lines; a commented-out setting counts where `commented` says so. */
export function settings(text, commented = false) {
  const pattern = commented ? /^#?([A-Z][A-Z0-9_]*)=(.*)$/gm : /^([A-Z][A-Z0-9_]*)=(.*)$/gm;
  return new Map([...text.matchAll(pattern)].map(([, name, value]) => [name, value]));
}

const listed = new Map();

/** What `algalon COMMAND --help` lists: variable of the environment -> default. */
export function options(command) {
  if (!listed.has(command)) listed.set(command, readOptions(command));
  return listed.get(command);
}

function readOptions(command) {
  const { code, out } = run(binary, [command, '--help']);
  assert.equal(code, 0);
  return new Map([...out.matchAll(/^ {2}--([a-z][a-z.-]*).*?(?:\[([^\]]*)\])?$/gm)].map(([, name, value]) => [`ALGALON_${name.toUpperCase().replace(/[.-]/g, '_')}`, value ?? '']));
}

const pinned = settings(fs.readFileSync(path.join(root, 'tests/tools.env'), 'utf8'));
const tools = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'algalon');

/** Where script/setup --tests put a tool ("helm"), or undefined where it could not. */
export function tool(name) {
  const file = path.join(tools, `${name}-${pinned.get(name.toUpperCase().replace('-', '_'))}`);
  return fs.existsSync(file) ? file : undefined;
}
