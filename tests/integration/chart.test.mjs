// chart.test.mjs - the Helm chart: rendered, held against Kubernetes's schemas, against the program's options and against least rights.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { deploy, has, options, read, settings, tool, yaml } from '../lib/deploy.mjs';
import { binary, root, run, temporaryFolder } from '../lib/program.mjs';

const versions = settings(read('versions.env'));

/** Python: objects from stdin against the schemas of two versions of Kubernetes; unknown keys are mistakes. */
const CHECK = `
import json, sys
sys.path.insert(0, sys.argv[1])
import kubernetes_validate
n = wrong = 0
for thing in json.load(sys.stdin):
    for version in ("1.25", "1.33"):
        n += 1
        try:
            kubernetes_validate.validate(thing, version, strict=True)
        except kubernetes_validate.ValidationError as e:
            print(thing["kind"], thing["metadata"]["name"], version, list(e.path), e.message)
            wrong += 1
if not wrong:
    print(n, "checked")
sys.exit(wrong > 0)
`;

describe('helm chart', () => {
  const chart = path.join(deploy, 'helm/algalon');
  const templates = fs.readdirSync(path.join(chart, 'templates')).map((name) => [name, read('helm/algalon/templates', name)]);

  /** The values that a template reads, with the names it gives to parts of them taken back. */
  function valuesUsed(text) {
    const names = new Map([...text.matchAll(/(\$[a-z]+) := \.Values\.([A-Za-z.]+)/g)].map(([, name, full]) => [name, full]));
    const direct = [...text.matchAll(/\.Values\.([A-Za-z.]+)/g)].map(([, full]) => full);
    const named = [...text.matchAll(/(\$[a-z]+)\.([A-Za-z.]+)/g)].filter(([, name]) => names.has(name)).map(([, name, rest]) => `${names.get(name)}.${rest}`);
    return [...direct, ...named];
  }

  it('reads no value that values.yaml does not explain, and explains none that is not read', () => {
    const values = yaml('helm/algalon/values.yaml');
    const used = new Set(templates.flatMap(([, text]) => valuesUsed(text)));
    for (const name of used) assert.notEqual(name.split('.').reduce((value, key) => value?.[key], values), undefined, name);
    const explained = (value, prefix) => Object.entries(value).flatMap(([key, inner]) => {
      const name = prefix ? `${prefix}.${key}` : key;
      return used.has(name) || !inner || typeof inner !== 'object' || Array.isArray(inner) ? [name] : explained(inner, name);
    });
    for (const name of explained(values, '')) assert.ok(used.has(name), `${name} is read nowhere`);
  });

  it('is of the version that versions.env names, with the ports of the program', () => {
    const { version, appVersion } = yaml('helm/algalon/Chart.yaml');
    assert.equal(version, versions.get('ALGALON_VERSION'));
    assert.equal(appVersion, versions.get('ALGALON_VERSION'));
    assert.equal(`:${yaml('helm/algalon/values.yaml').worker.port}`, options('worker').get('ALGALON_LISTEN_METRICS'));
    const known = new Set([...options('worker').keys(), ...options('host').keys(), ...options('agent').keys()]);
    for (const [name, text] of templates) {
      for (const [, option] of text.matchAll(/- --([a-z.-]+)(?:=|$)/gm)) assert.ok(known.has(`ALGALON_${option.toUpperCase().replace(/[.-]/g, '_')}`), `${name}: --${option}`);
    }
  });

  const helm = tool('helm') ?? (has('helm') ? 'helm' : undefined);
  const noHelm = { skip: !helm && 'helm is not there (script/setup --tests)' };
  const render = (...settings) => run(helm, ['template', 'release', chart, '--kube-version', '1.30.0', ...settings]);

  function objects(...settings) {
    const { code, out, err } = render(...settings);
    assert.equal(code, 0, err);
    const parsed = run('python3', ['-c', 'import json, sys, yaml; print(json.dumps([d for d in yaml.safe_load_all(sys.stdin) if d]))'], { input: out });
    assert.equal(parsed.code, 0, parsed.err);
    return JSON.parse(parsed.out);
  }

  const everything = ['--set', 'host.enabled=true,host.targets={a:9400},serviceMonitor.enabled=true,worker.driverRoot=/run/nvidia/driver,worker.webConfigSecret=web,worker.tls=true,worker.options.interval=2s',
    '--set', 'podMonitor.enabled=true,vmPodScrape.enabled=true,serviceMonitor.tlsConfig.insecureSkipVerify=true,serviceMonitor.relabelings[0].action=labeldrop,serviceMonitor.relabelings[0].regex=pod',
    '--set', 'host.webConfigSecret=web,host.ingress.enabled=true,host.ingress.hostname=gpus.example,host.ingress.tlsSecret=cert,host.ingress.className=nginx',
    '--set', 'rules.prometheusRule=true,rules.vmRule=true,networkPolicy.enabled=true,dashboards.enabled=true,image.pullSecrets[0].name=registry,worker.nodeSelector.gpu=yes',
    '--set', 'networkPolicy.viewers[0].podSelector.matchLabels.app=ingress',
    '--set-file', `rules.files.gpu\\.yml=${root}/rules/gpu.yml`, '--set-file', `dashboards.files.gpu\\.json=${root}/dashboards/gpu.json`];
  const cases = [
    [[], ['DaemonSet', 'Service']],
    [['--set', 'worker.hostPID=false,worker.hostMounts=false,worker.runtimeClassName=nvidia,worker.hostNetwork=true'], ['DaemonSet', 'Service']],
    [['--set', 'host.enabled=true,host.discovery=false,host.targets={a:9400}'], ['ConfigMap', 'DaemonSet', 'Service', 'Service', 'StatefulSet']],
    [['--set', 'agent.enabled=true,agent.remoteWrite={http://victoria:8428/api/v1/write}'], ['ConfigMap', 'DaemonSet', 'Role', 'RoleBinding', 'Service', 'ServiceAccount', 'StatefulSet']],
    [everything, ['ConfigMap', 'ConfigMap', 'ConfigMap', 'DaemonSet', 'Ingress', 'NetworkPolicy', 'NetworkPolicy', 'PodMonitor', 'PrometheusRule', 'Role', 'RoleBinding', 'Service', 'Service', 'ServiceAccount', 'ServiceMonitor', 'StatefulSet', 'VMPodScrape', 'VMRule']],
  ];

  it('renders to what Kubernetes takes, with the least rights', noHelm, () => {
    for (const [settings, kinds] of cases) {
      const all = objects(...settings);
      assert.deepEqual(all.map(({ kind }) => kind).sort(), kinds);
      for (const { kind, spec: { template } } of all.filter((object) => object.kind === 'DaemonSet' || object.kind === 'StatefulSet')) {
        const [container] = template.spec.containers;
        assert.equal(template.spec.automountServiceAccountToken, kind === 'StatefulSet' && kinds.includes('Role'));
        assert.deepEqual(container.securityContext.capabilities, { drop: ['ALL'] });
        assert.equal(container.securityContext.readOnlyRootFilesystem, true);
        assert.equal(container.securityContext.runAsNonRoot, true);
        assert.equal(container.securityContext.allowPrivilegeEscalation, false);
        const declared = new Set([...template.spec.volumes.map(({ name }) => name), 'samples', 'queue']);
        for (const { name } of container.volumeMounts) assert.ok(declared.has(name), name);
        const known = options(container.args[0]);
        for (const arg of container.args.slice(1)) assert.ok(known.has(`ALGALON_${arg.split('=')[0].slice(2).toUpperCase().replace(/[.-]/g, '_')}`), `${kind}: ${arg}`);
        for (const { name } of container.env ?? []) assert.ok(!name.startsWith('ALGALON_') || known.has(name), `${kind}: ${name}`);
      }
      for (const { rules } of all.filter(({ kind }) => kind === 'Role')) assert.deepEqual(rules, [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] }]);
    }
  });

  it('says what is missing, and grants what is asked for', noHelm, () => {
    assert.match(render('--set', 'host.enabled=true,host.discovery=false').err, /discovery, targets or scrapeConfig is wanted/);
    assert.match(render('--set', 'agent.enabled=true').err, /agent\.enabled wants agent\.remoteWrite/);
    assert.match(render('--set', 'host.enabled=true,host.ingress.enabled=true').err, /wants host\.webConfigSecret/);
    assert.match(render('--set', 'host.enabled=true,host.noAuth=true,host.ingress.enabled=true').err, /wants host\.ingress\.hostname/);
    assert.match(render('--set', 'rules.vmRule=true').err, /want rules\.files/);
    const worker = objects('--set', 'worker.securityContext.runAsUser=0,worker.securityContext.runAsNonRoot=false').find(({ kind }) => kind === 'DaemonSet');
    const { runAsUser, runAsNonRoot, capabilities } = worker.spec.template.spec.containers[0].securityContext;
    assert.deepEqual([runAsUser, runAsNonRoot, capabilities], [0, false, { drop: ['ALL'] }]);
  });

  it('renders what docs/deployment.md tells to install and to set', noHelm, () => {
    const page = fs.readFileSync(path.join(root, 'docs/deployment.md'), 'utf8');
    const section = page.slice(page.indexOf('\n## Kubernetes\n'), page.indexOf('\n## Without a network\n'));
    const [, told] = /^ {4}helm install algalon deploy\/helm\/algalon ((?:.*\\\n)*.*)$/m.exec(section);
    const install = told.replace(/\\\n/g, ' ').trim().split(/\s+/).filter((word) => word !== '--create-namespace');
    const table = [...section.matchAll(/^\| .* \| (.*) \|$/gm)].flatMap(([, cell]) => [...cell.matchAll(/`((?:worker|host|agent|serviceMonitor|podMonitor|vmPodScrape|networkPolicy)\.[A-Za-z.]+=[^`\s]+)`/g)].map(([, setting]) => setting));
    assert.ok(install.includes('serviceMonitor.enabled=true') && table.length > 8, `${install} ${table}`);
    // What one setting wants of others.
    const wanted = { 'host.': 'host.enabled=true,host.webConfigSecret=web,host.ingress.hostname=a', 'agent.': 'agent.remoteWrite={http://victoria:8428/api/v1/write}' };
    for (const setting of ['', ...table]) {
      const more = Object.entries(wanted).filter(([prefix]) => setting.startsWith(prefix)).map(([, others]) => others);
      const { code, err } = render(...install, ...[...more, setting].filter(Boolean).flatMap((one) => ['--set', one]));
      assert.equal(code, 0, `${setting}: ${err}`);
    }
  });

  it('leads operators and the ingress to ports that are there', noHelm, () => {
    const all = objects(...everything);
    const one = (wanted, name = '') => all.find(({ kind, metadata }) => kind === wanted && metadata.name.endsWith(name));
    const { metadata, spec } = one('DaemonSet').spec.template;
    const ports = spec.containers[0].ports.map(({ name }) => name);
    for (const [kind, key] of [['ServiceMonitor', 'endpoints'], ['PodMonitor', 'podMetricsEndpoints'], ['VMPodScrape', 'podMetricsEndpoints']]) {
      const { selector, [key]: endpoints } = one(kind).spec;
      for (const [label, value] of Object.entries(selector.matchLabels)) assert.equal(metadata.labels[label], value, `${kind}: ${label}`);
      assert.equal(endpoints.length, 1);
      const { port, scheme, honorLabels, tlsConfig, relabelings, relabelConfigs } = endpoints[0];
      assert.deepEqual({ port, scheme, honorLabels, tlsConfig }, { port: ports[0], scheme: 'https', honorLabels: true, tlsConfig: { insecureSkipVerify: true } }, kind);
      assert.deepEqual(relabelings ?? relabelConfigs, [{ action: 'labeldrop', regex: 'pod' }], kind);
    }
    const { rules, tls, ingressClassName } = one('Ingress').spec;
    const { name, port } = rules[0].http.paths[0].backend.service;
    const service = all.find((object) => object.kind === 'Service' && object.metadata.name === name);
    assert.ok(service.spec.ports.some((entry) => entry.name === port.name));
    assert.deepEqual([rules[0].host, tls, ingressClassName], ['gpus.example', [{ hosts: ['gpus.example'], secretName: 'cert' }], 'nginx']);
    const groups = one('PrometheusRule').spec.groups;
    assert.ok(groups.length > 1);
    assert.deepEqual(one('VMRule').spec.groups, groups);
  });

  const schemas = tool('kubernetes-validate');
  it('renders to what the schemas of Kubernetes allow, of an old version and a new one', { skip: noHelm.skip || (!schemas && 'kubernetes-validate is not there (script/setup --tests)') }, () => {
    // Definitions that operators bring are not among them.
    const all = cases.flatMap(([settings]) => objects(...settings)).filter(({ apiVersion }) => !/coreos|victoriametrics/.test(apiVersion));
    const checked = run('python3', ['-c', CHECK, schemas], { input: JSON.stringify(all) });
    assert.equal(checked.code, 0, checked.out + checked.err);
    assert.equal(checked.out.trim(), `${2 * all.length} checked`);
    // And it does look: a misspelt key is found.
    const wrong = structuredClone(all.find(({ kind }) => kind === 'DaemonSet'));
    wrong.spec.template.spec.hostPid = true;
    assert.match(run('python3', ['-c', CHECK, schemas], { input: JSON.stringify([wrong]) }).out, /hostPid/);
  });

  it('gives the host a scrape configuration that it, vmagent and promtool take', noHelm, () => {
    const dir = temporaryFolder('algalon-chart');
    for (const settings of ['host.enabled=true', 'host.enabled=true,host.targets={a:9400},worker.tls=true', 'host.enabled=true,host.discovery=false,host.targets={a:9400}']) {
      const { data } = objects('--set', settings).find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.endsWith('-host'));
      const file = path.join(dir, 'prometheus.yml');
      fs.writeFileSync(file, data['prometheus.yml']);
      const checked = run(binary, ['check', file]);
      assert.equal(checked.code, 0, checked.out + checked.err);
      if (has('vmagent')) assert.equal(run('vmagent', [`-promscrape.config=${file}`, '-dryRun']).code, 0, data['prometheus.yml']);
      // Debian's build of Prometheus has no discovery in Kubernetes.
      if (has('promtool') && settings.includes('discovery=false')) assert.equal(run('promtool', ['check', 'config', file]).code, 0);
    }
  });
});
