// scrape_ways.test.mjs - the ways to a target, and those to a receiver of remote write: through proxies, around them, with
// versions of TLS and with tokens.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Algalon, root, temporaryFolder, until } from '../lib/program.mjs';

const pem = (name) => fs.readFileSync(path.join(root, 'tests/fixtures/tls', name));
const listen = (server) => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));

/** A proxy that answers plain requests itself and leads CONNECT to `portOf` of the host asked for. */
async function startProxy(portOf) {
  const seen = [];
  const sockets = new Set();
  const server = http.createServer((request, response) => {
    seen.push({ method: request.method, url: request.url, headers: request.headers });
    response.end('through_proxy 1\n');
  });
  server.on('connect', (request, socket) => {
    seen.push({ method: 'CONNECT', url: request.url, headers: request.headers });
    const behind = net.connect(portOf(request.url), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      behind.pipe(socket).pipe(behind);
    });
    for (const one of [socket, behind]) {
      sockets.add(one);
      one.on('error', () => {});
      one.on('close', () => [socket, behind].forEach((other) => other.destroy()));
    }
  });
  const port = await listen(server);
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}`, seen, close };
}

describe('targets are reached', () => {
  it('through proxies and around them, with the versions of TLS that are wanted', { timeout: 90_000 }, async () => {
    const dir = temporaryFolder('algalon-ways');
    const certificate = { cert: pem('old-cert.pem'), key: pem('old-key.pem') };
    const answer = (request, response) => response.end('direct 1\n');
    const plain = http.createServer(answer);
    const tls12 = https.createServer({ ...certificate, maxVersion: 'TLSv1.2' }, answer);
    const tls13 = https.createServer({ ...certificate, minVersion: 'TLSv1.3' }, answer);
    const [plainPort, port12, port13] = await Promise.all([plain, tls12, tls13].map(listen));
    const given = await startProxy(() => port13);
    const ofEnvironment = await startProxy(() => port13);
    const ca = path.join(root, 'tests/fixtures/tls/old-cert.pem');
    const tls = (more) => `scheme: https, tls_config: {ca_file: '${ca}'${more}}`;
    const cases = [
      /* name, target, keys, up, series, what the proxies saw */
      ['direct', `127.0.0.1:${plainPort}`, '', 1, 'direct'],
      ['proxied', 'gpu.invalid:80', `proxy_url: '${given.url}'`, 1, 'through_proxy', 'http://gpu.invalid/metrics'],
      ['password', 'secret.invalid:80', `proxy_url: '${given.url.replace('//', '//me:word@')}'`, 1, 'through_proxy', 'http://secret.invalid/metrics'],
      ['connected', 'localhost:443', `proxy_url: '${given.url}', proxy_connect_header: {X-Way: [tunnel]}, ${tls('')}`, 1, 'direct', 'localhost:443'],
      ['around', `127.0.0.1:${plainPort}`, `proxy_url: '${given.url}', no_proxy: '10.0.0.1,127.0.0.1'`, 1, 'direct'],
      ['environment', 'env.invalid:80', 'proxy_from_environment: true', 1, 'through_proxy', 'http://env.invalid/metrics'],
      ['environment-tls', 'tls.invalid:443', `proxy_from_environment: true, ${tls(', server_name: localhost')}`, 1, 'direct', 'tls.invalid:443'],
      ['environment-around', 'around.invalid:80', 'proxy_from_environment: true', 0],
      ['environment-here', `127.0.0.1:${plainPort}`, 'proxy_from_environment: true', 1, 'direct'],
      ['not-asked', 'no.invalid:80', '', 0], /* the environment alone says nothing */
      ['tls12', `127.0.0.1:${port12}`, tls(''), 1, 'direct'],
      ['tls13', `127.0.0.1:${port13}`, tls(''), 1, 'direct'],
      ['min13-of-12', `127.0.0.1:${port12}`, tls(', min_version: TLS13'), 0],
      ['min13-of-13', `127.0.0.1:${port13}`, tls(', min_version: TLS13'), 1, 'direct'],
      ['max12-of-13', `127.0.0.1:${port13}`, tls(', max_version: TLS12'), 0],
      ['max12-of-12', `127.0.0.1:${port12}`, tls(', min_version: TLS12, max_version: TLS12'), 1, 'direct'],
      ['other-authority', `127.0.0.1:${port13}`, `scheme: https, tls_config: {ca_file: '${ca.replace('old', 'new')}'}`, 0],
      ['other-name', `127.0.0.1:${port13}`, tls(', server_name: gpu.invalid'), 0],
      ['unchecked', `127.0.0.1:${port13}`, 'scheme: https, tls_config: {insecure_skip_verify: true}', 1, 'direct'],
    ];
    fs.writeFileSync(path.join(dir, 'p.yml'), `
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
${cases.map(([name, target, keys]) => `- {job_name: ${name}, static_configs: [{targets: ['${target}']}]${keys ? `, ${keys}` : ''}}`).join('\n')}
`);
    const algalon = await Algalon.start({
      command: 'host', args: [`--scrape-config=${dir}/p.yml`],
      env: { HTTP_PROXY: ofEnvironment.url, HTTPS_PROXY: ofEnvironment.url, NO_PROXY: 'around.invalid', http_proxy: '', https_proxy: '', no_proxy: '', ALL_PROXY: '', all_proxy: '' },
    });
    const active = async () => (await (await fetch(`${algalon.api}/api/v1/targets?state=active`)).json()).data.activeTargets;
    try {
      for (const [name, , , up, series] of cases) {
        await until(`${name} is ${up ? 'up' : 'down'}`, 30, async () => {
          const target = (await active()).find((t) => t.scrapePool === name);
          return target.health === (up ? 'up' : 'down') || Promise.reject(new Error(target.lastError));
        });
        if (up) await until(`${name} gives ${series}`, 20, async () => (await algalon.value(`${series}{job="${name}"}`)) === 1);
      }
      const wanted = (of) => cases.filter(([name, , , , , url]) => url && name.startsWith('environment') === of).map(([, , , , , url]) => url).sort();
      const urls = (proxy) => [...new Set(proxy.seen.map(({ url }) => url))].sort();
      assert.deepEqual(urls(given), wanted(false));
      assert.deepEqual(urls(ofEnvironment), wanted(true));
      const of = (proxy, url) => proxy.seen.find((one) => one.url === url).headers;
      assert.equal(of(given, 'http://secret.invalid/metrics')['proxy-authorization'], `Basic ${Buffer.from('me:word').toString('base64')}`);
      assert.equal(of(given, 'localhost:443')['x-way'], 'tunnel');
      const why = async (name) => (await active()).find((t) => t.scrapePool === name).lastError;
      assert.match(await why('min13-of-12'), /protocol|version|SSL|TLS/i);
      assert.match(await why('other-authority'), /certificate/i);
      assert.match(await why('other-name'), /gpu\.invalid|name|certificate/i);
    } finally {
      await algalon.stop();
      for (const server of [plain, tls12, tls13]) {
        server.closeAllConnections();
        server.close();
      }
      given.close();
      ofEnvironment.close();
    }
  });

  it('with tokens of OAuth 2.0, fetched once, kept while they are good, and anew when they are not', { timeout: 120_000 }, async () => {
    const dir = temporaryFolder('algalon-oauth2');
    /* Token endpoints by path: their requests, and what they answer. */
    const asked = { basic: [], form: [], short: [], wrong: [], slow: [] };
    const good = new Set();
    const ends = http.createServer(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const kind = request.url.slice(1);
      const form = new URLSearchParams(Buffer.concat(chunks).toString());
      asked[kind].push({ method: request.method, type: request.headers['content-type'], authorization: request.headers.authorization, form: Object.fromEntries(form) });
      if (kind === 'slow') return undefined;
      if (kind === 'wrong' || (kind === 'form' && request.headers.authorization)) return response.writeHead(401).end('{"error":"invalid_client"}');
      const token = `${kind}-${asked[kind].length}`;
      good.add(token);
      return response.end(JSON.stringify({ access_token: token, token_type: 'bearer', expires_in: kind === 'short' ? 2 : 3600 }));
    });
    const used = [];
    const gpu = http.createServer((request, response) => {
      const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
      used.push(token);
      if (!good.has(token)) return response.writeHead(401).end();
      if (request.url === '/list') return response.setHeader('Content-Type', 'application/json').end(JSON.stringify([{ targets: [`127.0.0.1:${gpuPort}`] }]));
      return response.end('direct 1\n');
    });
    const [endsPort, gpuPort] = await Promise.all([ends, gpu].map(listen));
    fs.writeFileSync(path.join(dir, 'secret'), 'pa ss/word\n');
    const oauth2 = (kind, more = 'client_secret_file: secret') => `oauth2: {client_id: 'me@x', token_url: 'http://127.0.0.1:${endsPort}/${kind}', ${more}}`;
    const many = Array.from({ length: 50 }, (_, i) => `{targets: ['127.0.0.1:${gpuPort}'], labels: {n: '${i}'}}`).join(', ');
    const one = `static_configs: [{targets: ['127.0.0.1:${gpuPort}']}]`;
    fs.writeFileSync(path.join(dir, 'p.yml'), `
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
- {job_name: basic, static_configs: [${many}], ${oauth2('basic', "client_secret_file: secret, scopes: [a, b], endpoint_params: {audience: 'x y'}")}}
- {job_name: form, ${one}, ${oauth2('form')}}
- {job_name: short, ${one}, ${oauth2('short', 'client_secret: plain')}}
- {job_name: wrong, ${one}, ${oauth2('wrong')}}
- {job_name: slow, ${one}, ${oauth2('slow')}}
- {job_name: listed, http_sd_configs: [{url: 'http://127.0.0.1:${gpuPort}/list', ${oauth2('basic')}}], ${oauth2('basic')}}
`);
    const algalon = await Algalon.start({ command: 'host', args: [`--scrape-config=${dir}/p.yml`] });
    const active = async (job) => (await (await fetch(`${algalon.api}/api/v1/targets?state=active&scrapePool=${job}`)).json()).data.activeTargets;
    try {
      for (const [job, n] of [['basic', 50], ['form', 1], ['short', 1], ['listed', 1]]) {
        await until(`${job} is up`, 40, async () => {
          const targets = await active(job);
          return (targets.length === n && targets.every((t) => t.health === 'up')) || Promise.reject(new Error(`${targets.length} ${targets.find((t) => t.health !== 'up')?.lastError}`));
        });
      }
      /* One for the fifty, one for the job with other settings, and one more for its list, asked by another thread. */
      assert.equal(asked.basic.length, 3, JSON.stringify(asked.basic));
      const request = asked.basic.find(({ form }) => form.scope);
      assert.deepEqual(request, {
        method: 'POST', type: 'application/x-www-form-urlencoded', form: { grant_type: 'client_credentials', scope: 'a b', audience: 'x y' },
        authorization: `Basic ${Buffer.from('me%40x:pa%20ss%2Fword').toString('base64')}`,
      });
      /* One that refuses the header is asked by the form. */
      assert.deepEqual(asked.form.map(({ form }) => [form.client_id, form.client_secret]), [[undefined, undefined], ['me@x', 'pa ss/word']]);
      assert.ok(!asked.form[1].authorization);
      /* One that does not live long is fetched again, before it is of no use. */
      await until('another token is used', 30, () => used.includes('short-2'));
      for (const [job, why] of [['wrong', /oauth2.*401/], ['slow', /oauth2/]]) {
        await until(`${job} says why`, 30, async () => why.test((await active(job))[0].lastError));
      }
      /* One that is withdrawn is fetched again. */
      const before = asked.basic.length;
      for (const token of [...good]) if (token.startsWith('basic')) good.delete(token);
      await until('all are up with new tokens', 60, async () => asked.basic.length > before && (await active('basic')).every((t) => t.health === 'up'));
    } finally {
      await algalon.stop();
      for (const server of [ends, gpu]) {
        server.closeAllConnections();
        server.close();
      }
    }
    assert.doesNotMatch(algalon.output, /pa ss|plain|basic-\d|short-\d/, 'no secret in the log');
  });
});

describe('connections to targets', () => {
  it('are kept between scrapes, unless a job wants none kept', { timeout: 60_000 }, async () => {
    const dir = temporaryFolder('algalon-kept');
    const start = async () => {
      const one = { connections: 0, scrapes: 0 };
      one.server = http.createServer((request, response) => response.end(`scraped ${++one.scrapes}\n`));
      one.server.keepAliveTimeout = 60_000;
      one.server.on('connection', () => one.connections++);
      one.port = await listen(one.server);
      return one;
    };
    const [kept, closed] = [await start(), await start()];
    fs.writeFileSync(path.join(dir, 'p.yml'), `
global: {scrape_interval: 300ms, scrape_timeout: 300ms}
scrape_configs:
- {job_name: kept, static_configs: [{targets: ['127.0.0.1:${kept.port}']}]}
- {job_name: closed, disable_keepalive: true, static_configs: [{targets: ['127.0.0.1:${closed.port}']}]}
`);
    const algalon = await Algalon.start({ command: 'host', args: [`--scrape-config=${dir}/p.yml`] });
    try {
      await until('both are scraped some times', 40, () => kept.scrapes >= 5 && closed.scrapes >= 5);
      assert.ok(closed.connections >= closed.scrapes, `${closed.connections} connections for ${closed.scrapes} scrapes`);
      assert.ok(kept.connections < kept.scrapes, `${kept.connections} connections for ${kept.scrapes} scrapes`);
    } finally {
      await algalon.stop();
      for (const one of [kept, closed]) {
        one.server.closeAllConnections();
        one.server.close();
      }
    }
  });
});

describe('receivers of remote write are reached', () => {
  it('with tokens, through proxies and around them, by other names, with the versions of TLS that are wanted', { timeout: 120_000 }, async () => {
    const dir = temporaryFolder('algalon-receivers');
    const certificate = { cert: pem('old-cert.pem'), key: pem('old-key.pem') };
    const got = new Map(); /* path -> headers of the newest request */
    const take = (request, response) => {
      request.resume();
      if (request.method === 'POST') got.set(request.url, request.headers);
      response.writeHead(request.url === '/token' && request.headers.authorization !== `Bearer t${fetched}` ? 401 : 204).end();
    };
    let fetched = 0;
    const ends = http.createServer((request, response) => {
      request.resume();
      response.end(JSON.stringify({ access_token: `t${++fetched}`, expires_in: 3600 }));
    });
    const plain = http.createServer(take);
    const tls12 = https.createServer({ ...certificate, maxVersion: 'TLSv1.2' }, take);
    const [endsPort, plainPort, port12] = await Promise.all([ends, plain, tls12].map(listen));
    const proxy = await startProxy(() => port12);
    const ca = path.join(root, 'tests/fixtures/tls/old-cert.pem');
    const tls = (more = '') => `tls_config: {ca_file: '${ca}'${more}}`;
    const receivers = {
      token: `url: 'http://127.0.0.1:${plainPort}/token', oauth2: {client_id: me, client_secret: unseen, token_url: 'http://127.0.0.1:${endsPort}/'}`,
      name: `url: 'https://127.0.0.1:${port12}/name', ${tls(', server_name: localhost, max_version: TLS12')}`,
      inline: `url: 'https://localhost:${port12}/inline', tls_config: {ca: ${JSON.stringify(pem('old-cert.pem').toString())}}`,
      connected: `url: 'https://localhost:443/connected', proxy_url: '${proxy.url}', proxy_connect_header: {X-Way: [tunnel]}, ${tls()}`,
      environment: `url: 'https://env.invalid:443/environment', proxy_from_environment: true, ${tls(', server_name: localhost')}`,
      around: `url: 'http://127.0.0.1:${plainPort}/around', proxy_url: 'http://127.0.0.1:1', no_proxy: 127.0.0.1, headers: {X-Scope-OrgID: team}`,
      min13: `url: 'https://localhost:${port12}/min13', ${tls(', min_version: TLS13')}`,
      othername: `url: 'https://127.0.0.1:${port12}/othername', ${tls(', server_name: gpu.invalid')}`,
    };
    fs.writeFileSync(path.join(dir, 'p.yml'), `
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
- {job_name: none, static_configs: [{targets: ['127.0.0.1:1']}]}
remote_write:
${Object.entries(receivers).map(([name, keys]) => `- {name: ${name}, ${keys}}\n`).join('')}`);
    const agent = await Algalon.start({ command: 'host', args: [`--scrape-config=${dir}/p.yml`, '--remote-write-compression=snappy'], env: { HTTPS_PROXY: proxy.url, https_proxy: proxy.url } });
    const text = async () => (await fetch(`${agent.api}/metrics`)).text();
    const failing = async () => [...(await text()).matchAll(/^algalon_forward_failing\{receiver="(\w+)"\} 1$/gm)].map((match) => match[1]).sort();
    try {
      for (const name of ['token', 'name', 'inline', 'connected', 'environment', 'around'])
        await until(`${name} is sent to`, 40, () => got.has(`/${name}`)).catch(async (error) => {
          throw new Error(`${error.message}\n${agent.output}\n${await text()}`);
        });
      await until('two others fail', 40, async () => String(await failing()) === 'min13,othername');
      assert.equal(got.get('/around')['x-scope-orgid'], 'team');
      assert.equal(got.get('/name').host, `127.0.0.1:${port12}`);
      assert.deepEqual(proxy.seen.map((one) => one.url).sort().filter((url, i, all) => url !== all[i - 1]), ['env.invalid:443', 'localhost:443']);
      assert.equal(proxy.seen.find((one) => one.url === 'localhost:443').headers['x-way'], 'tunnel');
      assert.equal(fetched, 1, 'a token is kept');
      assert.ok(!got.has('/min13') && !got.has('/othername'));
    } finally {
      await agent.stop();
      for (const server of [ends, plain, tls12]) {
        server.closeAllConnections();
        server.close();
      }
      proxy.close();
    }
    assert.doesNotMatch(agent.output, /unseen|\bt1\b/, 'no secret in the log');
  });
});
