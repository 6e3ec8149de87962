// kubernetes_watch.test.mjs - a cluster as a pod sees it: changes come by a watch, over TLS, with the pod's own account, whose
// token and certificate are exchanged while the program runs.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Algalon, root, temporaryFolder, until } from '../lib/program.mjs';

const pem = (name) => fs.readFileSync(path.join(root, 'tests/fixtures/tls', name));

/** As much of an API server as lists and watches of pods want. Versions rise with every change. */
class Cluster {
  constructor() {
    this.version = 10;
    this.token = 'token-of-old';
    this.pods = new Map();
    this.watches = new Set();
    this.asked = { lists: 0, watches: [], refused: 0 };
    this.maySee = true;
    this.oldest = 0; /* versions before are gone */
  }

  async listen(name, port = 0) {
    this.server = https.createServer({ cert: pem(`${name}-cert.pem`), key: pem(`${name}-key.pem`) }, (request, response) => this.#answer(request, response));
    await new Promise((resolve, reject) => this.server.once('error', reject).listen(port, '127.0.0.1', resolve));
    this.port = this.server.address().port;
  }

  async close() {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    this.watches.clear();
    await closed;
  }

  #answer(request, response) {
    const url = new URL(request.url, 'https://x');
    const refuse = (code, message) => {
      this.asked.refused++;
      response.writeHead(code, { 'Content-Type': 'application/json' }).end(JSON.stringify({ kind: 'Status', code, message }));
    };
    if (request.headers.authorization !== `Bearer ${this.token}`) return refuse(401, 'Unauthorized');
    if (url.pathname !== '/api/v1/namespaces/mine/pods') return refuse(404, 'not here');
    if (!url.searchParams.has('watch')) {
      this.asked.lists++;
      response.writeHead(200, { 'Content-Type': 'application/json' });
      return response.end(JSON.stringify({ kind: 'PodList', metadata: { resourceVersion: `${this.version}` }, items: [...this.pods.values()] }));
    }
    if (!this.maySee) return refuse(403, 'pods is forbidden: cannot watch');
    const from = Number(url.searchParams.get('resourceVersion'));
    this.asked.watches.push(from);
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.flushHeaders();
    if (from < this.oldest) return response.end(`${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, message: 'too old resource version' } })}\n`);
    this.watches.add(response);
    response.on('close', () => this.watches.delete(response));
    return undefined;
  }

  tell(type, object) {
    for (const response of this.watches) response.write(`${JSON.stringify({ type, object })}\n`);
  }

  /** Adds, changes (with another address) or, with no address, deletes a pod. */
  set(name, ip) {
    const type = !ip ? 'DELETED' : this.pods.has(name) ? 'MODIFIED' : 'ADDED';
    const pod = {
      metadata: { name, namespace: 'mine', uid: name, resourceVersion: `${++this.version}`, managedFields: [{ manager: 'x'.repeat(2000) }] },
      spec: { nodeName: 'n', containers: [{ name: 'c', ports: [{ containerPort: 80 }] }] },
      status: { phase: 'Running', podIP: ip ?? '' },
    };
    if (ip) this.pods.set(name, pod);
    else this.pods.delete(name);
    this.tell(type, pod);
  }
}

describe('a cluster of Kubernetes from within', () => {
  it('is watched', { timeout: 180_000 }, async () => {
    const dir = temporaryFolder('algalon-watch');
    const account = path.join(dir, 'account');
    const put = (name, text) => { /* as the kubelet does it: readers see the old or the new one */
      fs.writeFileSync(path.join(account, `.${name}`), text);
      fs.renameSync(path.join(account, `.${name}`), path.join(account, name));
    };
    fs.mkdirSync(account);
    put('token', 'token-of-old\n');
    put('namespace', 'mine');
    put('ca.crt', pem('old-cert.pem'));
    fs.writeFileSync(path.join(dir, 'p.yml'), 'global: {scrape_interval: 1h}\nscrape_configs: [{job_name: pods, kubernetes_sd_configs: [{role: pod, namespaces: {own_namespace: true}}]}]\n');
    const cluster = new Cluster();
    await cluster.listen('old');
    cluster.set('a', '127.0.0.2');
    const algalon = await Algalon.start({
      command: 'host', args: [`--scrape-config=${dir}/p.yml`, `--scrape-service-account=${account}`],
      env: { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: `${cluster.port}` },
    });
    const addresses = async () => (await (await fetch(`${algalon.api}/api/v1/targets?state=active`)).json()).data.activeTargets.map((t) => t.discoveredLabels.__address__).filter(Boolean).sort().join();
    const are = (what, wanted, seconds = 8) => until(`${what}: ${wanted}`, seconds, async () => (await addresses()) === wanted);
    const discovery = async () => (await (await fetch(`${algalon.api}/api/v1/targets/discoveries`)).json()).data.discoveries.find((d) => d.kind === 'kubernetes');
    const watched = (what) => until(`a watch is open ${what}`, 20, () => cluster.watches.size === 1);
    try {
      await are('listed', '127.0.0.2:80', 20);
      await watched('after the list');
      /* Changes come by themselves: nothing is listed again. */
      cluster.set('b', '127.0.0.3');
      await are('added', '127.0.0.2:80,127.0.0.3:80');
      cluster.set('a', '127.0.0.4');
      await are('changed', '127.0.0.3:80,127.0.0.4:80');
      cluster.set('b');
      await are('deleted', '127.0.0.4:80');
      assert.equal(cluster.asked.lists, 1);

      /* A watch that the server ends goes on from the last version it told, a bookmark's too. */
      cluster.version = 50;
      cluster.tell('BOOKMARK', { metadata: { resourceVersion: '50' } });
      for (const response of cluster.watches) response.end();
      await until('it is watched from the bookmark', 20, () => cluster.asked.watches.at(-1) === 50 && cluster.watches.size === 1);
      cluster.set('c', '127.0.0.5');
      await are('after another watch', '127.0.0.4:80,127.0.0.5:80');
      assert.equal(cluster.asked.lists, 1);

      /* A version that is gone: what happened meanwhile is in the new list. */
      const before = cluster.watches;
      cluster.watches = new Set();
      cluster.set('d', '127.0.0.6');
      cluster.oldest = cluster.version;
      for (const response of before) response.end();
      await are('listed anew', '127.0.0.4:80,127.0.0.5:80,127.0.0.6:80', 20);
      assert.equal(cluster.asked.lists, 2);

      /* The token and the authority are exchanged, and the old ones no longer taken. Targets stay meanwhile. */
      await watched('before the exchange');
      cluster.token = 'token-of-new';
      await cluster.close();
      await until('it says that nobody is there', 30, async () => (await discovery()).lastError);
      await cluster.listen('new', cluster.port);
      await until('the new certificate is not trusted', 30, async () => /certificate|SSL/i.test((await discovery()).lastError));
      assert.equal(await addresses(), '127.0.0.4:80,127.0.0.5:80,127.0.0.6:80');
      put('ca.crt', pem('new-cert.pem'));
      await until('the old token is refused', 30, () => cluster.asked.refused > 0);
      put('token', 'token-of-new\n');
      await watched('with the new token');
      cluster.set('e', '127.0.0.7');
      await are('after the exchange', '127.0.0.4:80,127.0.0.5:80,127.0.0.6:80,127.0.0.7:80', 20);
      await until('it works again', 40, async () => !(await discovery()).lastError);
      assert.equal(cluster.asked.lists, 2);

      /* A reload leaves the watch open. */
      const watches = cluster.asked.watches.length;
      assert.equal((await fetch(`${algalon.api}/-/reload`, { method: 'POST' })).status, 200);
      cluster.set('e');
      await are('after a reload', '127.0.0.4:80,127.0.0.5:80,127.0.0.6:80');
      assert.equal(cluster.asked.watches.length, watches);

      /* An account that may list and not watch is as good, ten seconds later. */
      cluster.maySee = false;
      for (const response of cluster.watches) response.end();
      await until('a watch is refused', 20, () => cluster.asked.refused > 1);
      cluster.set('d');
      await are('listed without a watch', '127.0.0.4:80,127.0.0.5:80', 30);
    } finally {
      const stopped = Date.now();
      const { code } = await algalon.stop();
      assert.equal(code, 0, 'it ends when it is told to');
      assert.ok(Date.now() - stopped < 8000, 'a watch does not hold up the end');
      await cluster.close();
    }
    assert.doesNotMatch(algalon.output, /token-of-/, 'no token in the log');
  });
});
