// program.mjs - starts and stops the real algalon (and its real neighbours) for tests. Loopback only, bounded in time.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const build = process.env.ALGALON_BUILD ?? path.join(root, 'build');
export const binary = path.join(build, 'algalon');
export const nvmlSimulator = path.join(build, 'libnvml-sim.so');
export { sleep };

/** A folder that goes away with the test process. */
export function temporaryFolder(name = 'algalon-test') {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), `${name}-`));
  process.on('exit', () => fs.rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** `n` TCP ports of loopback that were free a moment ago. */
export async function freePorts(n) {
  const servers = await Promise.all(
    Array.from({ length: n }, () => new Promise((resolve, reject) => {
      const server = net.createServer();
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => resolve(server));
    })),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** How many times longer than on a machine of its own a test may wait; script/test sets it, since CI machines are busy. */
const PATIENCE = Number(process.env.ALGALON_PATIENCE ?? 1);

/** Waits until `probe` gives a value that is true; fails with `what` after `seconds` times the patience. */
export async function until(what, seconds, probe) {
  const end = Date.now() + seconds * PATIENCE * 1000;
  let last;
  for (;;) {
    try {
      const value = await probe();
      if (value) return value;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds * PATIENCE} s${last ? ` (${last.message})` : ''}`);
    await sleep(50);
  }
}

/** A child process that is ended with the test, with what it wrote kept. */
export class Child {
  constructor(command, args, options = {}) {
    this.output = '';
    this.process = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options, env: { ...process.env, ...options.env } });
    for (const stream of [this.process.stdout, this.process.stderr]) stream.on('data', (data) => (this.output += data));
    this.ended = new Promise((resolve) => this.process.once('close', (code, signal) => resolve({ code, signal })));
    this.onExit = () => this.process.kill('SIGKILL');
    process.on('exit', this.onExit);
    this.ended.then(() => process.off('exit', this.onExit));
  }

  get alive() {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Sends a signal and waits for the end, with SIGKILL after ten seconds. */
  async stop(signal = 'SIGTERM') {
    this.process.kill(signal);
    const late = setTimeout(() => this.process.kill('SIGKILL'), 10_000);
    const end = await this.ended;
    clearTimeout(late);
    return end;
  }
}

/** Runs a program to its end; never throws for its exit code. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', timeout: 60_000, maxBuffer: 64 << 20, ...options, env: { ...process.env, ...options.env } });
  return { code: result.status, out: result.stdout ?? '', err: result.stderr ?? '' };
}

/** A running algalon with its three listeners on free ports. */
export class Algalon extends Child {
  constructor(command, args, ports, options) {
    super(options.binary ?? binary, [command, ...args], options);
    [this.metrics, this.api, this.web] = ports.map((port) => (port ? `http://127.0.0.1:${port}` : undefined));
  }

  /**
   * Starts `algalon COMMAND` and waits until it is ready. `dataDir` is kept between starts; listeners that the command
   * does not have are left out.
   */
  static async start({ command = 'all', args = [], dataDir, ports, env, waitReady = true, program } = {}) {
    const chosen = ports ?? (await freePorts(3));
    const keeps = command !== 'worker';
    const reads = command === 'all' || command === 'worker';
    const listeners = [];
    if (reads) listeners.push(`--listen-metrics=127.0.0.1:${chosen[0]}`);
    if (keeps) listeners.push(`--listen-api=127.0.0.1:${chosen[1]}`, `--listen-web=127.0.0.1:${chosen[2]}`, `--data-dir=${dataDir ?? path.join(temporaryFolder(), 'data')}`);
    const child = new Algalon(command, [...listeners, '--config=', ...args], [reads && chosen[0], keeps && chosen[1], keeps && chosen[2]], { env, binary: program });
    child.ports = chosen;
    if (waitReady) {
      await until(`algalon ${command} is ready`, 20, async () => {
        if (!child.alive) throw new Error(`it ended: ${child.output}`);
        return (await fetch(`${child.metrics ?? child.api}/-/ready`)).status === 200;
      }).catch(async (error) => {
        await child.stop('SIGKILL');
        throw new Error(`${error.message}\n${child.output}`);
      });
    }
    return child;
  }

  /** The data of an instant query; throws on an error answer. */
  async query(expr, parameters = {}) {
    return this.#ask('query', { query: expr, ...parameters });
  }

  async queryRange(expr, start, end, step) {
    return this.#ask('query_range', { query: expr, start, end, step });
  }

  async #ask(what, parameters) {
    const response = await fetch(`${this.api}/api/v1/${what}`, { method: 'POST', body: new URLSearchParams(parameters) });
    const answer = await response.json();
    if (answer.status !== 'success') throw new Error(`${parameters.query}: ${answer.errorType}: ${answer.error}`);
    return answer.data;
  }

  /** The one value of an instant query, as a number; undefined when there is none. */
  async value(expr, parameters) {
    const { result } = await this.query(expr, parameters);
    return result.length ? Number(result[0].value[1]) : undefined;
  }

  async import(text) {
    return fetch(`${this.api}/api/v1/import/prometheus`, { method: 'POST', body: text });
  }
}
