// fake_apis.mjs - as much of the APIs of Kubernetes and Docker as discovery asks for, with a small cluster and a few
// containers behind them.
import http from 'node:http';

const meta = (name, namespace, more = {}) => ({ name, ...(namespace && { namespace }), uid: `uid-${name}`, resourceVersion: '7', ...more });

const node = (name, ip, labels = {}) => ({
  metadata: meta(name, '', { labels: { 'kubernetes.io/hostname': name, ...labels }, annotations: { 'a/b.c': 'yes' } }),
  spec: { providerID: `cloud:///${name}` },
  status: {
    addresses: [{ type: 'ExternalIP', address: `9.9.9.${ip}` }, { type: 'InternalIP', address: `10.0.0.${ip}` }, { type: 'InternalIP', address: 'fd00::1' }, { type: 'Hostname', address: name }],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
  },
});

const pod = (name, namespace, ip, more = {}) => ({
  metadata: meta(name, namespace, {
    labels: { app: more.app ?? 'x', 'x.y/z-1': 'v', ...Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`many-${i}`, `${i}`])) },
    annotations: { 'prometheus.io/scrape': 'true', long: 'l'.repeat(6000) },
    ownerReferences: [{ apiVersion: 'v1', kind: 'Other', name: 'no', uid: 'u' }, { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${name}-rs`, uid: 'u', controller: true }],
  }),
  spec: {
    nodeName: more.node ?? 'node-a',
    containers: [
      { name: 'main', image: 'image:1', ports: [{ name: 'web', containerPort: 8080, protocol: 'TCP' }, { containerPort: 9090, protocol: 'UDP' }] },
      { name: 'side', image: 'side:2' },
    ],
    initContainers: [{ name: 'first', image: 'first:3', ports: [{ name: 'init', containerPort: 7070, protocol: 'TCP' }] }],
  },
  status: {
    phase: 'Running', podIP: ip, hostIP: '10.0.0.1',
    conditions: [{ type: 'Initialized', status: 'True' }, { type: 'Ready', status: more.ready ?? 'True' }],
    containerStatuses: [{ name: 'main', containerID: `containerd://${name}-main` }],
  },
});

const service = (name, namespace, spec) => ({ metadata: meta(name, namespace, { labels: { svc: name }, annotations: { note: 'n' } }), spec });

const reference = (name, namespace) => ({ kind: 'Pod', name, namespace });

const OBJECTS = {
  nodes: [node('node-a', 1, { zone: 'z1' }), node('node-b', 2)],
  pods: [
    pod('one', 'default', '10.1.0.1'), pod('two', 'default', 'fd00::2', { ready: 'False', node: 'node-b' }), pod('three', 'other', '10.1.0.3'),
    pod('four', 'other', '10.1.0.4', { app: 'y' }), pod('waiting', 'default', ''),
  ],
  services: [
    service('svc', 'default', { type: 'ClusterIP', clusterIP: '10.2.0.1', ports: [{ name: 'web', port: 80, protocol: 'TCP' }, { port: 81, protocol: 'UDP' }] }),
    service('outside', 'default', { type: 'ExternalName', externalName: 'example.org', ports: [{ name: 'e', port: 443, protocol: 'TCP' }] }),
    service('empty', 'other', { type: 'NodePort', clusterIP: '10.2.0.2' }),
  ],
  endpoints: [
    {
      metadata: meta('svc', 'default', { labels: { l: 'e' } }),
      subsets: [
        {
          addresses: [{ ip: '10.1.0.1', hostname: 'h', nodeName: 'node-a', targetRef: reference('one', 'default') }, { ip: '1.2.3.4' }],
          notReadyAddresses: [{ ip: 'fd00::2', nodeName: 'node-b', targetRef: reference('two', 'default') }],
          ports: [{ name: 'web', port: 8080, protocol: 'TCP' }],
        },
      ],
    },
    { metadata: meta('none', 'other'), subsets: [] },
  ],
  endpointslices: [
    {
      metadata: meta('svc-1', 'default', { labels: { 'kubernetes.io/service-name': 'svc' } }),
      addressType: 'IPv4',
      endpoints: [
        { addresses: ['10.1.0.1'], conditions: { ready: true, serving: true, terminating: false }, hostname: 'h', nodeName: 'node-a', zone: 'z1', targetRef: reference('one', 'default'), deprecatedTopology: { 'topology.kubernetes.io/zone': 'z1' } },
        { addresses: ['1.2.3.4'], conditions: { ready: false } },
      ],
      ports: [{ name: 'web', port: 8080, protocol: 'TCP', appProtocol: 'http' }],
    },
  ],
  ingresses: [
    {
      metadata: meta('in', 'default', { labels: { i: '1' } }),
      spec: {
        ingressClassName: 'nginx', tls: [{ hosts: ['*.example.org'] }],
        rules: [{ host: 'a.example.org', http: { paths: [{ path: '/x', pathType: 'Prefix' }, { pathType: 'Prefix' }] } }, { host: 'plain.test' }],
      },
    },
  ],
};

const KINDS = { nodes: ['v1', 'Node'], pods: ['v1', 'Pod'], services: ['v1', 'Service'], endpoints: ['v1', 'Endpoints'], endpointslices: ['discovery.k8s.io/v1', 'EndpointSlice'], ingresses: ['networking.k8s.io/v1', 'Ingress'] };

async function listen(handle) {
  const server = http.createServer(handle);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${server.address().port}` };
}

/** An API server that lists two objects a page, and whose watches never see anything. */
export function kubernetes() {
  return listen((request, response) => {
    const url = new URL(request.url, 'http://x');
    const answer = (value, status = 200) => {
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(value));
    };
    if (request.headers.authorization !== 'Bearer secret') return answer({ kind: 'Status', message: 'who are you?' }, 401);
    if (url.pathname === '/version') return answer({ major: '1', minor: '25', gitVersion: 'v1.25.0' });
    const match = /^\/(?:api|apis\/[^/]+)\/v1\/(?:namespaces\/([^/]+)\/)?(\w+)$/.exec(url.pathname);
    const resource = match?.[2];
    if (!OBJECTS[resource]) return answer({ kind: 'Status', code: 404 }, 404);
    if (url.searchParams.has('watch')) {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      return response.flushHeaders();
    }
    const selector = url.searchParams.get('labelSelector');
    const [key, value] = (selector ?? '').split('=');
    const all = OBJECTS[resource].filter((o) => (!match[1] || o.metadata.namespace === match[1]) && (!selector || o.metadata.labels?.[key] === value));
    // Prometheus gets pages as well where it asks for them.
    const from = Number(url.searchParams.get('continue') ?? 0);
    const size = url.searchParams.has('limit') ? 2 : all.length;
    const [apiVersion, kind] = KINDS[resource];
    const more = from + size < all.length ? { continue: `${from + size}` } : {};
    answer({ kind: `${kind}List`, apiVersion, metadata: { resourceVersion: '7', ...more }, items: all.slice(from, from + size) });
  });
}

/** A Docker daemon. */
export function docker() {
  const networks = [
    { Name: 'bridge', Id: 'net-1', Scope: 'local', Internal: false, Ingress: false, Labels: { 'com.example/n': 'v' } },
    { Name: 'host', Id: 'net-2', Scope: 'local', Internal: true, Ingress: false, Labels: null },
  ];
  const containers = [
    {
      Id: 'aaa', Names: ['/web'], Labels: { 'com.docker.compose.service': 'web' }, HostConfig: { NetworkMode: 'bridge' },
      Ports: [{ IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' }, { PrivatePort: 81, Type: 'tcp' }, { PrivatePort: 53, Type: 'udp' }],
      NetworkSettings: { Networks: { bridge: { NetworkID: 'net-1', IPAddress: '172.17.0.2' } } },
    },
    { Id: 'bbb', Names: ['/quiet'], Labels: {}, HostConfig: { NetworkMode: 'bridge' }, Ports: [], NetworkSettings: { Networks: { bridge: { NetworkID: 'net-1', IPAddress: '172.17.0.3' } } } },
    { Id: 'ccc', Names: ['/on-host'], Labels: {}, HostConfig: { NetworkMode: 'host' }, Ports: [], NetworkSettings: { Networks: { host: { NetworkID: 'net-2', IPAddress: '' } } } },
  ];
  return listen((request, response) => {
    const url = new URL(request.url, 'http://x');
    const answers = { '/_ping': 'OK', '/containers/json': containers, '/networks': networks };
    const found = answers[url.pathname.replace(/^\/v[\d.]+/, '')];
    response.writeHead(found ? 200 : 404, { 'Content-Type': 'application/json', 'Api-Version': '1.41' });
    response.end(JSON.stringify(found ?? { message: 'page not found' }));
  });
}
