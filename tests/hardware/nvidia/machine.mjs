// machine.mjs - asks nvidia-smi, algalon and the load; says in plain words what is missing.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { Algalon, Child, freePorts, run, sleep, until } from '../../lib/program.mjs';

/** Something that is needed is not there: exit code 2. */
export class Missing extends Error {}

/** nvidia-smi, or what stands for it: `command` with `before` in front of the arguments. */
export class Smi {
  constructor({ command = 'nvidia-smi', before = [], gpu, env }) {
    Object.assign(this, { command, before, gpu, env });
    this.unknown = new Set(); // fields that this version does not have
  }

  #arguments(kind, names) {
    return [...this.before, `--query-${kind}=${names.join(',')}`, '--format=csv,noheader,nounits', '-i', String(this.gpu)];
  }

  #ask(kind, names) {
    for (;;) {
      const asked = names.filter((name) => !this.unknown.has(name));
      if (!asked.length) return {};
      const { code, out, err } = run(this.command, this.#arguments(kind, asked), { env: this.env });
      const wrong = /Field "([^"]+)" is not a valid field/.exec(out + err);
      if (wrong && asked.includes(wrong[1])) {
        this.unknown.add(wrong[1]);
        continue;
      }
      if (code === null) throw new Missing(`${this.command} cannot be run or did not end in time. It comes with NVIDIA's driver; is it in PATH?`);
      if (code !== 0) {
        // Boards or drivers without row remapping refuse the whole question.
        if (kind !== 'gpu') return {};
        throw new Missing(`${this.command} fails (exit code ${code}): ${(out + err).trim() || 'without a word'}. Is the driver loaded, and is there a GPU ${this.gpu}?`);
      }
      const texts = out.trim().split('\n')[0].split(/,\s*/);
      if (texts.length !== asked.length) throw new Missing(`${this.command} was asked for ${asked.length} fields and gave ${texts.length}: ${out.trim()}`);
      return Object.fromEntries(asked.map((name, i) => [name, texts[i]]));
    }
  }

  /** name -> text of all these fields, less those that this nvidia-smi does not know. */
  read(names) {
    const isRow = (name) => name.startsWith('remapped_rows.');
    const rows = names.filter(isRow);
    return { ...this.#ask('gpu', names.filter((name) => !isRow(name))), ...(rows.length ? this.#ask('remapped-rows', rows) : {}) };
  }

  /** Begins to note [second, number...] of these fields each 100 ms; stop() gives them. */
  record(names) {
    const notes = [];
    const child = spawn(this.command, [...this.#arguments('gpu', names), '--loop-ms=100'], { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, ...this.env } });
    const kill = () => child.kill('SIGKILL');
    const ended = new Promise((resolve) => child.once('close', resolve));
    let rest = '';
    process.on('exit', kill);
    child.once('error', () => {});
    child.stdout.on('data', (data) => {
      const lines = (rest + data).split('\n');
      rest = lines.pop();
      for (const line of lines) notes.push([Date.now() / 1000, ...line.split(',').map(Number)]);
    });
    return {
      notes,
      stop: async () => {
        child.kill('SIGTERM');
        await ended;
        process.off('exit', kill);
        return notes;
      },
    };
  }
}

/** The built program: `algalon snapshot` and `algalon worker`. */
export class Program {
  constructor({ build, args = [], env, interval, over }) {
    Object.assign(this, { file: path.join(build, 'algalon'), args, env, interval, over });
    if (!fs.existsSync(this.file)) throw new Missing(`there is no ${this.file}: build it first (cmake --preset release && cmake --build build), or say --build=DIR`);
  }

  version() {
    return run(this.file, ['--version']).out.trim();
  }

  /** The GPU with this UUID in `algalon snapshot`; undefined when it is not in it. */
  snapshot(uuid) {
    const { out, err } = run(this.file, ['snapshot', '--config=', `--over=${this.over}`, ...this.args], { env: this.env });
    try {
      return JSON.parse(out).gpus.find((gpu) => gpu.uuid === uuid);
    } catch {
      throw new Missing(`algalon snapshot gave no JSON: ${err.trim()}`);
    }
  }

  async start() {
    const ports = await freePorts(1);
    const worker = await Algalon.start({ command: 'worker', args: [`--interval=${this.interval}`, '--hostname=verify', ...this.args], env: this.env, ports, program: this.file });
    return { stop: () => worker.stop(), scrape: async () => series(await (await fetch(`${worker.metrics}/metrics`)).text()) };
  }
}

/** [{name, labels, value}] of an exposition. */
export function series(text) {
  const found = [];
  for (const line of text.split('\n')) {
    const match = /^([a-zA-Z_:][\w:]*)\{(.*)\} (\S+)/.exec(line);
    if (match) found.push({ name: match[1], value: Number(match[3]), labels: Object.fromEntries([...match[2].matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map((m) => [m[1], m[2]])) });
  }
  return found;
}

/** The known load: nvidia-load, until it is stopped; its report is a map of its lines. */
export class Load {
  static async start({ build, gpu, options }) {
    const file = path.join(build, 'nvidia-load');
    if (!fs.existsSync(file)) throw new Missing(`there is no ${file}: it is built with -DALGALON_TESTS=ON. Without it only --phases=idle can be checked.`);
    const load = new Load();
    load.child = new Child(file, [`--gpu=${gpu}`, '--seconds=600', ...options]);
    const begun = () => /^ready$/m.test(load.child.output);
    await until('the load begins', 60, async () => !load.child.alive || begun()).catch(() => {});
    if (begun()) return load;
    const late = load.child.alive;
    await load.child.stop();
    throw new Missing(`the load ${late ? 'did not begin within a minute' : 'cannot run'}: ${load.child.output.trim() || 'it says nothing'}`);
  }

  async stop() {
    const { code } = await this.child.stop();
    if (code !== 0) throw new Missing(`the load failed: ${this.child.output.trim()}`);
    return Object.fromEntries(this.child.output.split('\n').filter((line) => line.includes('=')).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  }
}

export { sleep };
