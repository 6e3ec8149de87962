// deploy.test.mjs - deploy/ agrees with itself, with the program's options and ports, and with what the real neighbours accept.
// What takes minutes (images, package) is tried by script/images and script/package.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { deploy, has, options, read, settings, tool, yaml } from '../lib/deploy.mjs';
import { Algalon, Child, binary, freePorts, root, run, temporaryFolder, until } from '../lib/program.mjs';

/** The units of systemd as [section, key, value], comments left out. */
function unit(name) {
  const lines = [];
  let section;
  for (const line of read('systemd', name).split('\n')) {
    if (/^\[.*\]$/.test(line)) section = line.slice(1, -1);
    else if (line && !line.startsWith('#')) lines.push([section, ...line.split(/=(.*)/s).slice(0, 2)]);
  }
  return lines;
}

const versions = settings(read('versions.env'));
const env = settings(read('.env.example'));
const composeFiles = fs.readdirSync(deploy).filter((name) => /^compose\..*\.yml$/.test(name));
const services = composeFiles.flatMap((file) => Object.entries(yaml(file).services).map(([name, service]) => ({ file, name, service })));
const whole = services.filter(({ service }) => service.image);

describe('systemd units', () => {
  const units = { 'algalon.service': 'all', 'algalon-worker.service': 'worker', 'algalon-host.service': 'host', 'algalon-agent.service': 'agent' };

  for (const [name, command] of Object.entries(units)) {
    it(`${name} starts algalon ${command}, tells systemd when it is ready, and has no capability`, () => {
      const value = (key) => unit(name).filter(([section, k]) => section === 'Service' && k === key).map(([, , v]) => v);
      assert.deepEqual(value('ExecStart'), [`/usr/bin/algalon ${command}`]);
      assert.deepEqual(value('Type'), ['notify']);
      assert.deepEqual(value('User'), ['algalon']);
      assert.deepEqual(value('CapabilityBoundingSet'), ['']);
      assert.deepEqual(value('ProtectSystem'), ['strict']);
      assert.deepEqual(value('StateDirectory'), ['algalon']);
    });
    it(`${name} hides no device from a program that reads devices`, () => {
      if (command === 'host' || command === 'agent') return;
      for (const hiding of ['PrivateDevices', 'DeviceAllow', 'DevicePolicy', 'ProtectClock', 'ProtectProc', 'ProcSubset', 'PrivateUsers', 'PrivateNetwork']) {
        assert.ok(!unit(name).some(([, key]) => key === hiding), hiding);
      }
    });
  }

  it('systemd takes them, and calls them little exposed', { skip: !has('systemd-analyze') && 'systemd-analyze is not installed' }, () => {
    const dir = temporaryFolder('algalon-units');
    for (const name of Object.keys(units)) {
      fs.writeFileSync(path.join(dir, name), read('systemd', name).replace('/usr/bin/algalon', binary));
      const verified = run('systemd-analyze', ['verify', '--man=no', path.join(dir, name)]);
      assert.equal(verified.code, 0, verified.err);
      // It looks at what the unit names as well: what it says of other units is not ours.
      assert.deepEqual(verified.err.split('\n').filter((line) => line.includes('algalon')), []);
      const judged = run('systemd-analyze', ['security', '--offline=true', '--threshold=25', path.join(dir, name)]);
      assert.equal(judged.code, 0, judged.out.split('\n').at(-2));
    }
  });

  it('drop-ins that grant a right say where they go, and systemd takes them', { skip: !has('systemd-analyze') && 'systemd-analyze is not installed' }, () => {
    for (const name of fs.readdirSync(path.join(deploy, 'systemd/dropins'))) {
      const dir = temporaryFolder('algalon-dropin');
      const text = read('systemd/dropins', name);
      assert.ok(text.includes(`/etc/systemd/system/algalon-worker.service.d/${name}`), name);
      fs.writeFileSync(path.join(dir, 'algalon-worker.service'), read('systemd', 'algalon-worker.service').replace('/usr/bin/algalon', binary));
      fs.mkdirSync(path.join(dir, 'algalon-worker.service.d'));
      fs.writeFileSync(path.join(dir, 'algalon-worker.service.d', name), text);
      const verified = run('systemd-analyze', ['verify', '--man=no', path.join(dir, 'algalon-worker.service')]);
      assert.deepEqual(verified.err.split('\n').filter((line) => line.includes('algalon') || line.includes(name)), []);
      assert.equal(verified.code, 0, verified.err);
    }
  });

  it('the environment file names options that the program has, with its defaults', () => {
    const known = new Map([...options('all'), ...options('host'), ...options('worker'), ...options('agent')]);
    for (const [name, value] of settings(read('systemd', 'algalon.default'), true)) {
      assert.ok(known.has(name), name);
      if (known.get(name)) assert.equal(value, known.get(name), name);
    }
  });
});

describe('compose files', () => {
  it('every variable has a setting in .env.example or versions.env, and every setting is used', () => {
    const text = composeFiles.map((name) => read(name).replace(/^\s*#.*$/gm, '')).join('\n');
    const used = new Set([...text.matchAll(/\$\{([A-Z0-9_]+)/g)].map(([, name]) => name));
    for (const name of used) assert.ok(env.has(name) || versions.has(name), `${name} stands nowhere`);
    for (const name of [...env.keys(), ...versions.keys()]) assert.ok(used.has(name), `${name} is used nowhere`);
    assert.deepEqual([...env.keys()].filter((name) => versions.has(name)), [], 'a setting has one place');
  });

  it('every image has a pinned version', () => {
    assert.equal(whole.length, 7);
    for (const { file, name, service } of whole) {
      assert.match(service.image, /:\$\{[A-Z]+_VERSION\}$/, `${file} ${name}`);
    }
    for (const [name, value] of versions) assert.match(value, /^[a-z0-9][a-z0-9.-]+$/, name);
    assert.ok(![...versions.values()].includes('latest'));
  });

  it('every service has the least rights', () => {
    for (const { file, name, service } of whole) {
      assert.equal(service.read_only, true, `${file} ${name}`);
      assert.deepEqual(service.cap_drop, ['ALL'], `${file} ${name}`);
      assert.deepEqual(service.security_opt, ['no-new-privileges:true'], `${file} ${name}`);
      assert.ok(!service.privileged && !service.cap_add && service.healthcheck && service.restart, `${file} ${name}`);
      if (service.image.includes('ALGALON')) assert.equal(service.user, '65532:65532');
    }
  });

  it('every file and folder that is mounted exists, read-only, and every volume is declared', () => {
    for (const { file, name, service } of whole) {
      for (const mount of service.volumes) {
        if (mount.type === 'volume') {
          assert.ok(mount.source in yaml(file).volumes, `${file} ${name}: ${mount.source}`);
        } else {
          assert.equal(mount.read_only, true, `${file} ${name}: ${mount.source}`);
          assert.ok(fs.existsSync(path.resolve(deploy, mount.source)), `${file} ${name}: ${mount.source}`);
        }
      }
    }
  });

  it('answers on loopback only, unless the override with TLS and a password of its own is given', () => {
    for (const { file, name, service } of whole) {
      for (const port of service.ports ?? []) assert.match(port, /^127\.0\.0\.1:/, `${file} ${name}`);
    }
    const open = yaml('compose.stack-open.yml').services.grafana;
    assert.match(open.environment.GF_SECURITY_ADMIN_PASSWORD, /^\$\{[A-Z_]+:\?/);
    assert.equal(open.environment.GF_SERVER_PROTOCOL, 'https');
    for (const name of ['GRAFANA_OPEN_PASSWORD', 'GRAFANA_BIND', 'GRAFANA_CERTIFICATE', 'GRAFANA_KEY']) assert.equal(env.get(name), '', name);
  });

  it('settings agree with the program: names, defaults, ports, health checks', () => {
    for (const [file, command] of [['compose.worker.yml', 'worker'], ['compose.host.yml', 'host']]) {
      const known = options(command);
      const [service] = Object.values(yaml(file).services);
      assert.equal(service.command[0], command);
      for (const [name, value] of Object.entries(service.environment)) {
        assert.ok(known.has(name), `${file}: ${name} is no option of algalon ${command}`);
        const variable = /^\$\{([A-Z_]+)\}$/.exec(value)?.[1];
        if (variable && known.get(name)) assert.equal(env.get(variable), known.get(name), name);
      }
      assert.deepEqual(service.healthcheck.test.slice(0, 3), ['CMD', '/usr/bin/algalon', 'ready']);
    }
    assert.equal(new URL(env.get('ALGALON_WORKER_READY_URL')).port, env.get('ALGALON_LISTEN_METRICS').split(':').pop());
    assert.equal(new URL(env.get('ALGALON_HOST_READY_URL')).host, env.get('ALGALON_LISTEN_API'));
  });

  const compose = tool('compose-spec');
  it('are what Compose takes, alone and together, and opening Grafana wants a password first', { skip: !compose && 'compose-spec is not there (script/setup --tests)' }, () => {
    const dir = path.join(temporaryFolder('algalon-compose'), 'deploy');
    fs.cpSync(deploy, dir, { recursive: true });
    const files = (names) => names.map((name) => `compose.${name}.yml`);
    // Asked without any setting: what is wanted is said.
    const bare = run(compose, files(['stack', 'stack-open']), { cwd: dir });
    assert.notEqual(bare.code, 0);
    const open = { GRAFANA_BIND: '10.0.0.5', GRAFANA_OPEN_PASSWORD: 'long enough', GRAFANA_CERTIFICATE: '/etc/hostname', GRAFANA_KEY: '/etc/hostname' };
    for (const name of Object.keys(open)) assert.match(bare.err, new RegExp(`${name} is missing a value: set it in \\.env`));
    // The tool is not given the environment's settings by its own program: they are put in here.
    const values = new Map([...versions, ...env, ...Object.entries(open)]);
    for (const file of composeFiles) fs.writeFileSync(path.join(dir, file), read(file).replace(/\$\{([A-Z0-9_]+)(?::\?[^}]*)?\}/g, (whole, name) => values.get(name)));
    const taken = (names) => {
      const { code, out, err } = run(compose, ['--format=json', ...files(names)], { cwd: dir });
      assert.equal(code, 0, `${names}: ${err}`);
      const { services: all } = JSON.parse(out);
      for (const service of Object.values(all)) if (Array.isArray(service.environment)) service.environment = Object.fromEntries(service.environment.map((text) => text.split(/=(.*)/s, 2)));
      return all;
    };
    const sets = [['worker'], ['worker', 'nvidia'], ['worker', 'nvidia-cdi'], ['worker', 'nvidia-runtime'], ['worker', 'intel'], ['worker', 'npu'], ['host'], ['stack'], ['stack', 'stack-open']];
    for (const names of sets) taken(names);
    assert.deepEqual(new Set(files(sets.flat())), new Set(composeFiles), 'every file is tried');
    // What the program writes for a machine goes with the rest.
    const machine = temporaryFolder('algalon-machine');
    fs.mkdirSync(path.join(machine, 'dev/dri'), { recursive: true });
    const fixture = path.join(root, 'tests/fixtures/intel-arc-xe');
    const written = run(binary, ['doctor', '--compose', `--path.procfs=${fixture}/proc`, `--path.sysfs=${fixture}/sys`, `--path.rootfs=${machine}`]);
    assert.equal(written.code, 0, written.err);
    fs.writeFileSync(path.join(dir, 'compose.machine.yml'), written.out);
    const { worker: own } = taken(['worker', 'machine']);
    assert.equal(own.user, '0:0');
    assert.deepEqual(own.cap_add, ['PERFMON', 'SYS_PTRACE', 'DAC_READ_SEARCH']);
    assert.match(JSON.stringify(own.devices), /\/dev\/dri/);
    const { worker } = taken(['worker', 'nvidia']);
    assert.equal(worker.image, `${env.get('ALGALON_WORKER_IMAGE')}:${versions.get('ALGALON_VERSION')}`);
    assert.deepEqual([worker.environment.ALGALON_EXIT_WHEN_WITHDRAWN, worker.environment.ALGALON_LISTEN_METRICS], ['true', env.get('ALGALON_LISTEN_METRICS')]);
    const { grafana } = taken(['stack', 'stack-open']);
    assert.equal(grafana.environment.GF_SECURITY_ADMIN_PASSWORD, open.GRAFANA_OPEN_PASSWORD);
    // And it does look: a misspelt key is found.
    fs.writeFileSync(path.join(dir, 'compose.worker.yml'), read('compose.worker.yml').replace('read_only: true', 'readonly: true'));
    assert.notEqual(run(compose, files(['worker']), { cwd: dir }).code, 0);
  });
});

describe('what the neighbours are given', () => {
  it('the scrape configuration is taken by promtool and vmagent, and by the program with its targets', { timeout: 60_000 }, async () => {
    for (const name of ['scrape/prometheus.yml', 'scrape/dual.yml']) {
      const file = path.join(deploy, name);
      assert.equal(run(binary, ['check', file]).code, 0, name);
      if (has('promtool')) assert.equal(run('promtool', ['check', 'config', file]).code, 0, name);
      if (has('vmagent')) assert.equal(run('vmagent', [`-promscrape.config=${file}`, '-dryRun']).code, 0, name);
    }
    const [port] = await freePorts(1);
    const dir = temporaryFolder('algalon-scrape');
    fs.cpSync(path.join(deploy, 'scrape'), dir, { recursive: true });
    const targets = path.join(dir, 'targets/all-smi-targets.yml');
    const ours = fs.readFileSync(targets, 'utf8').replace('this-machine:9400', `127.0.0.1:${port}`);
    fs.writeFileSync(targets, ours);
    // With the list of what is left out, which is a comment as it is shipped.
    const config = path.join(dir, 'prometheus.yml');
    const whole = fs.readFileSync(config, 'utf8').replace(/^ {4}# (metric_relabel_configs:| {2}- )/gm, '    $1');
    assert.match(whole, /^ {4}metric_relabel_configs:\n {6}- /m);
    fs.writeFileSync(config, whole);
    if (has('promtool')) assert.equal(run('promtool', ['check', 'config', config]).code, 0);
    const [, api, web] = await freePorts(3);
    const worker = await Algalon.start({ command: 'worker', ports: [port], args: ['--interval=1s'] });
    const host = await Algalon.start({ command: 'host', ports: [undefined, api, web], args: [`--scrape-config=${dir}/prometheus.yml`] });
    try {
      await until('the worker of the targets file is scraped', 30, async () => (await host.value('up{job="worker",cluster="local"}')) === 1);
      assert.equal(await host.value('count(all_smi_cpu_core_utilization)'), undefined);
      assert.ok((await host.value('count(all_smi_cpu_utilization)')) > 0);
      // A machine leaves the list and comes back, without a restart.
      const active = async () => (await (await fetch(`${host.api}/api/v1/targets?scrapePool=worker`)).json()).data.activeTargets.length;
      fs.writeFileSync(targets, '[]\n');
      await until('it is scraped no more', 10, async () => (await active()) === 0);
      fs.writeFileSync(targets, ours);
      await until('it is scraped again', 10, async () => (await active()) === 1);
    } finally {
      await host.stop();
      await worker.stop();
    }
  });

  const stackPrograms = ['victoria-metrics', 'vmagent', 'vmalert'];
  const absent = stackPrograms.filter((name) => !has(name));
  it('the stack works with the flags it is given: a worker scraped, kept, watched', { timeout: 90_000, skip: absent.length ? `${absent} not installed` : false }, async () => {
    const dir = temporaryFolder('algalon-stack');
    const [store, agent, alert, notifier, metrics] = await freePorts(5);
    fs.cpSync(path.join(deploy, 'scrape'), path.join(dir, 'scrape'), { recursive: true });
    const targets = path.join(dir, 'scrape/targets/all-smi-targets.yml');
    fs.writeFileSync(targets, fs.readFileSync(targets, 'utf8').replace('this-machine:9400', `127.0.0.1:${metrics}`));
    /** The command of a service, with this machine's ports and folders for the container's. */
    const command = (name) => yaml('compose.stack.yml').services[name].command.map((flag) => flag
      .replace('${STACK_RETENTION}', env.get('STACK_RETENTION'))
      .replace(/-httpListenAddr=:/, '-httpListenAddr=127.0.0.1:')
      .replace(/http:\/\/[a-z]+:/, 'http://127.0.0.1:')
      .replace(/:8428\b/, `:${store}`).replace(/:8429\b/, `:${agent}`).replace(/:8880\b/, `:${alert}`).replace(/:9093\b/, `:${notifier}`)
      .replace('=/storage', `=${dir}/storage`).replace('=/queue', `=${dir}/queue`)
      .replace('=/etc/prometheus/', `=${dir}/scrape/`).replace('=/etc/alerts/', `=${root}/rules/`));
    const children = [await Algalon.start({ command: 'worker', ports: [metrics], args: ['--interval=1s', '--hostname=here'] })];
    try {
      children.push(new Child('victoria-metrics', command('victoriametrics')));
      await until('the store is healthy', 20, async () => (await fetch(`http://127.0.0.1:${store}/health`)).ok);
      children.push(new Child('vmagent', command('vmagent')), new Child('vmalert', command('vmalert')));
      const scraped = () => until('the worker is in the store', 40, async () => {
        const answer = await (await fetch(`http://127.0.0.1:${store}/api/v1/query?query=${encodeURIComponent('all_smi_memory_total_bytes{job="worker",cluster="local",hostname="here"}')}`)).json();
        return answer.data.result.length === 1;
      });
      const watched = () => until('the rules are evaluated', 20, async () => {
        const answer = await (await fetch(`http://127.0.0.1:${alert}/metrics`)).text();
        return /^vmalert_(alerting_rules_error|alerts_firing|alerting_rules_last_evaluation_samples)\{.*WorkerDown/m.test(answer);
      });
      await Promise.all([scraped(), watched()]).catch((error) => {
        throw new Error(`${error.message}\n${children.map(({ output }) => output.slice(-2000)).join('\n')}`);
      });
      for (const child of children) assert.ok(child.alive, child.output);
    } finally {
      for (const child of children.reverse()) await child.stop();
    }
  });

  it('rules that stack, host and services name are there, and none of the bridges, of which both together would feed each other', () => {
    const { vmalert } = yaml('compose.stack.yml').services;
    const flags = vmalert.command.filter((flag) => flag.startsWith('-rule=')).map((flag) => flag.replace('-rule=/etc/alerts/', ''));
    assert.ok(vmalert.volumes.some(({ source }) => source === '../rules'));
    const ours = (list) => list.split(',').filter((file) => file.startsWith('/usr/share/algalon/rules/')).map((file) => path.basename(file));
    const host = ours(env.get('ALGALON_RULES')), packaged = ours(settings(read('systemd', 'algalon.default'), true).get('ALGALON_RULES'));
    for (const name of host) assert.ok(read('docker/Dockerfile').includes(`rules/${name}`), `${name} is in the image`);
    assert.ok(flags.length && host.length && packaged.length);
    for (const name of [...flags, ...host, ...packaged]) {
      assert.ok(fs.existsSync(path.join(root, 'rules', name)), name);
      assert.ok(!name.includes('bridge') && !name.includes('*'), name);
    }
  });

  it('the host starts with the settings of .env.example as they are, rules and all', { timeout: 60_000 }, async () => {
    const inside = { '/etc/algalon-scrape/': `${deploy}/scrape/`, '/usr/share/algalon/rules/': `${root}/rules/`, '/etc/algalon/rules/': `${root}/none/` };
    const settled = Object.entries(yaml('compose.host.yml').services.host.environment).map(([name, value]) => {
      const variable = /^\$\{([A-Z_]+)\}$/.exec(value)?.[1];
      return [name, Object.entries(inside).reduce((text, [there, here]) => text.replaceAll(there, here), variable ? env.get(variable) : value)];
    });
    const host = await Algalon.start({ command: 'host', env: Object.fromEntries(settled.filter(([name]) => !name.startsWith('ALGALON_LISTEN'))) });
    try {
      const { groups } = (await (await fetch(`${host.api}/api/v1/rules`)).json()).data;
      assert.ok(groups.some(({ rules }) => rules.some(({ name }) => name === 'WorkerDown')));
    } finally {
      await host.stop();
    }
  });

  it('the ways to NVIDIA\'s devices add to the worker and to nothing else', () => {
    for (const file of composeFiles.filter((name) => name.startsWith('compose.nvidia'))) {
      const { services: added } = yaml(file);
      assert.deepEqual(Object.keys(added), ['worker'], file);
      assert.ok(!JSON.stringify(added).includes('compute'), file);
      for (const key of Object.keys(added.worker)) assert.ok(['deploy', 'devices', 'runtime', 'environment'].includes(key), `${file}: ${key}`);
    }
  });

  it('Grafana finds the data source and the dashboards that the files name', () => {
    const [source] = yaml('stack/grafana/provisioning/datasources/algalon.yml').datasources;
    const store = yaml('compose.stack.yml').services[new URL(source.url).hostname];
    assert.ok(store.command.includes(`-httpListenAddr=:${new URL(source.url).port}`));
    const [provider] = yaml('stack/grafana/provisioning/dashboards/algalon.yml').providers;
    const { grafana } = yaml('compose.stack.yml').services;
    const mount = grafana.volumes.find(({ target }) => target === provider.options.path);
    const dashboards = path.resolve(deploy, mount.source);
    const home = path.basename(grafana.environment.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH);
    const files = fs.readdirSync(dashboards, { recursive: true }).filter((name) => name.endsWith('.json')); // as Grafana walks it
    const uids = files.map((name) => {
      const { uid, id, __inputs } = JSON.parse(fs.readFileSync(path.join(dashboards, name), 'utf8'));
      assert.ok(uid && uid.length <= 40 && id == null && !__inputs, name);
      return uid;
    });
    assert.ok(fs.existsSync(path.join(dashboards, home)));
    assert.equal(new Set(uids).size, uids.length);
  });

  it('the services of the stack find each other by name and port', () => {
    const stack = yaml('compose.stack.yml').services;
    const text = read('compose.stack.yml');
    for (const [, name, port] of text.matchAll(/http:\/\/([a-z]+):(\d+)/g)) {
      assert.ok(name in stack, name);
      assert.ok(name === 'alertmanager' ? port === '9093' : JSON.stringify(stack[name].command).includes(`-httpListenAddr=:${port}`), `${name}:${port}`);
    }
  });
});

describe('images and package', () => {
  it('bash completes commands and options as the program lists them', () => {
    const complete = (...words) => {
      const { code, out, err } = run('bash', ['-c', `source ${deploy}/completion/algalon; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _algalon; printf '%s\\n' "\${COMPREPLY[@]}"`], { env: { PATH: `${path.dirname(binary)}:${process.env.PATH}` } });
      assert.equal(code, 0, err);
      return out.trim().split('\n');
    };
    assert.deepEqual(complete('algalon', 'wor'), ['worker']);
    assert.ok(complete('algalon', 'worker', '--proc').includes('--processes='));
    assert.ok(complete('algalon', 'host', '--ret').includes('--retention='));
    assert.ok(complete('algalon', 'host', '--no-a').includes('--no-auth'));
    assert.deepEqual(complete('algalon', 'host', '--retention='), ['']);
  });

  it('are of the version that CMake builds', () => {
    const [, version] = /project\(algalon VERSION (\S+)/.exec(fs.readFileSync(path.join(root, 'CMakeLists.txt'), 'utf8'));
    assert.equal(versions.get('ALGALON_VERSION'), version);
    assert.ok(read('debian/changelog').startsWith(`algalon (${version}-`));
  });

  it('the images check their health by the program itself and do not run as root', () => {
    const stages = read('docker/Dockerfile').split(/^FROM /m).slice(1);
    for (const name of ['worker', 'host']) {
      const stage = stages.find((text) => text.split('\n')[0].endsWith(` AS ${name}`));
      assert.match(stage, /^HEALTHCHECK .*CMD \["\/usr\/bin\/algalon", "ready"/m);
      assert.match(stage, new RegExp(`^CMD \\["${name}"\\]$`, 'm'));
      const user = [...`${stages.find((text) => text.split('\n')[0].endsWith(' AS base'))}\n${stage}`.matchAll(/^USER (\S+)$/gm)].at(-1)[1];
      assert.equal(user, '65532:65532');
      assert.ok(!/curl|wget|https?:/.test(stage.replace('http://127.0.0.1', '').replace('libcurl4', '')), 'nothing is fetched');
    }
  });
});

describe('docs/deployment.md', () => {
  const page = fs.readFileSync(path.join(root, 'docs/deployment.md'), 'utf8');

  it('names files and settings that there are', () => {
    for (const [, name] of page.matchAll(/(compose\.[a-z-]+\.yml|script\/[a-z]+|deploy\/(?:versions\.env|helm\/algalon|scrape))\b/g)) {
      if (name === 'compose.machine.yml') continue; /* written by `algalon doctor --compose` */
      assert.ok(fs.existsSync(path.join(name.startsWith('compose') ? deploy : root, name)), name);
    }
    const known = new Set([...options('all').keys(), ...options('host').keys(), ...options('worker').keys(), ...env.keys(), ...versions.keys()]);
    for (const [name] of page.matchAll(/\bALGALON_(?!NEW)[A-Z_]+/g)) assert.ok(known.has(name), name);
    for (const [, name] of page.matchAll(/\]\(([a-z]+\.md)\)/g)) assert.ok(fs.existsSync(path.join(root, 'docs', name)), name);
    const values = yaml('helm/algalon/values.yaml');
    for (const [, name] of page.matchAll(/(?<![.\w/-])((?:worker|host|agent|rules|networkPolicy|image|serviceMonitor)\.(?!service\b)[A-Za-z]+)\b(?!\.)/g)) {
      assert.notEqual(name.split('.').reduce((value, key) => value?.[key], values), undefined, name);
    }
  });
});
