// kubelet.test.mjs - what the kubelet gave to whom, asked of a pretended kubelet over gRPC: a second opinion that never
// holds up the first.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http2 from 'node:http2';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Algalon, nvmlSimulator, root, temporaryFolder, until } from '../lib/program.mjs';

const varint = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...varint(Math.floor(n / 128))]);
const field = (number, bytes) => Buffer.concat([Buffer.from([(number << 3) | 2, ...varint(bytes.length)]), Buffer.from(bytes)]);
const pod = (namespace, name, container, ...parts) =>
  field(1, Buffer.concat([field(1, name), field(2, namespace), field(3, Buffer.concat([field(1, container), ...parts]))]));
const devices = (resource, ...ids) => field(2, Buffer.concat([field(1, resource), ...ids.map((id) => field(2, id))]));
const claim = (driver, device) => field(5, field(4, Buffer.concat([field(2, driver), field(3, 'node'), field(4, device)])));
const framed = (message) => {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
};

/** A kubelet whose List is answered by `answer(stream)`. */
async function kubelet(answer) {
  const socket = path.join(temporaryFolder(), 'kubelet.sock');
  const server = http2.createServer();
  const sessions = new Set();
  const seen = { asked: 0 };
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.on('error', () => {});
  });
  server.on('stream', (stream, headers) => {
    seen.asked++;
    seen.headers = headers;
    stream.on('error', () => {});
    stream.on('data', (data) => (seen.body = data));
    stream.on('end', () => answer(stream));
  });
  await new Promise((resolve) => server.listen(socket, resolve));
  return {
    socket,
    seen,
    close: () => new Promise((resolve) => {
      for (const session of sessions) session.destroy();
      server.close(resolve);
    }),
  };
}

const good = (message) => (stream) => {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(framed(message));
};

const refused = (status, message) => (stream) =>
  stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': status, 'grpc-message': message }, { endStream: true });

/** Runs a worker with four GPUs (a process of the pod ml/llm-0 on GPU 0) beside that kubelet. */
async function withWorker(answer, use) {
  const file = path.join(temporaryFolder(), 'machine.scn');
  fs.writeFileSync(file, 'gpu 4 "NVIDIA H100 80GB HBM3" profile=training processes=0\nprocess gpu=0 pid=560 memory=2GB type=C share=0.5\n');
  const fake = await kubelet(answer);
  const fixture = path.join(root, 'tests/fixtures/attribution-kubernetes-systemd');
  const worker = await Algalon.start({
    command: 'worker',
    args: ['--interval=200ms', '--hostname=node', `--nvml-library=${nvmlSimulator}`, `--path.procfs=${fixture}/proc`, `--path.rootfs=${fixture}/root`, `--kubelet-socket=${fake.socket}`],
    env: { ALGALON_NVML_SIM: file },
  });
  const scrape = async () => {
    const found = {};
    for (const line of (await (await fetch(`${worker.metrics}/metrics`)).text()).split('\n')) {
      const match = /^([a-z_0-9]+)\{(.*)\} (\S+)$/.exec(line);
      if (!match) continue;
      const labels = Object.fromEntries([...match[2].matchAll(/([a-z_0-9]+)="((?:[^"\\]|\\.)*)"/g)].map((m) => [m[1], m[2]]));
      (found[match[1]] ??= []).push({ labels, value: Number(match[3]) });
    }
    return found;
  };
  try {
    await use(worker, scrape, fake);
  } finally {
    await worker.stop();
    await fake.close();
  }
}

const up = (metrics) => metrics.algalon_collector_up?.find((s) => s.labels.collector === 'allocation')?.value;
const given = (metrics) => (metrics.algalon_holder_gpu_allocated ?? []).filter((s) => s.value === 1).map((s) => `${s.labels.gpu_index} ${s.labels.holder} ${s.labels.container}`);

describe('the kubelet', { concurrency: 4 }, () => {
  it('tells what it gave to pods, also to those without a process, in every spelling', () =>
    withWorker(
      good(Buffer.concat([
        pod('ml', 'llm-0', 'server', devices('nvidia.com/gpu', 'nvidia0')),
        pod('ml', 'idle-0', 'work', devices('nvidia.com/gpu', 'nvidia1/gi3'), devices('example.com/nic', 'eth0')),
        pod('ml', 'claims-0', 'work', claim('gpu.nvidia.com', 'gpu-2')),
        pod('ml', 'cpu-only', 'work'),
      ])),
      async (worker, scrape, fake) => {
        const metrics = await until('allocations', 20, async () => {
          const found = await scrape();
          return given(found).length === 3 && found;
        });
        assert.deepEqual(given(metrics), ['0 ml/llm-0 server', '1 ml/idle-0 work', '2 ml/claims-0 work']);
        // Who uses a device and who was given it are two facts.
        const using = metrics.algalon_holder_gpu_processes.filter((s) => s.value > 0);
        assert.deepEqual(using.map((s) => s.labels.holder), ['ml/llm-0']);
        assert.deepEqual(metrics.algalon_gpu_held.map((s) => s.value), [1, 1, 1, 0]);
        assert.ok(metrics.algalon_gpu_held_idle_seconds.some((s) => s.labels.holder === 'ml/idle-0'));
        assert.equal(up(metrics), 1);
        assert.equal(fake.seen.headers[':path'], '/v1.PodResourcesLister/List');
        assert.equal(fake.seen.headers['content-type'], 'application/grpc');
        assert.deepEqual([...fake.seen.body], [0, 0, 0, 0, 0]);
      },
    ));

  it('may answer with more than four mebibytes', () =>
    withWorker(
      good(Buffer.concat([...Array.from({ length: 600 }, (_, i) => pod('ml', `wide-${i}`, 'x'.repeat(60), ...Array.from({ length: 2 }, () => devices('r'.repeat(4000), 'eth0')))), pod('ml', 'last', 'work', devices('nvidia.com/gpu', 'nvidia3::7'))])),
      async (worker, scrape) => {
        await until('the last pod', 20, async () => given(await scrape()).includes('3 ml/last work'));
      },
    ));

  for (const [name, answer] of [
    ['refuses', refused('12', 'unknown service')],
    ['is silent', () => {}],
    ['answers without end', (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      const more = () => !stream.destroyed && stream.write(Buffer.alloc(65536), () => setImmediate(more));
      more();
    }],
    ['answers with something else', (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(framed(Buffer.from('no protobuf at all')));
    }],
    ['breaks off', (stream) => stream.session.destroy()],
  ])
    it(`costs nothing else when it ${name}`, () =>
      withWorker(answer, async (worker, scrape, fake) => {
        await until('a question', 10, () => fake.seen.asked > 0);
        const metrics = await until('metrics', 10, async () => {
          const found = await scrape();
          return found.algalon_holder_gpu_memory_used_bytes?.length && up(found) === 0 && found;
        });
        assert.equal(metrics.all_smi_gpu_utilization.length, 4);
        assert.deepEqual(given(metrics).filter((text) => text.includes('idle')), []);
        assert.equal(metrics.algalon_holder_gpu_memory_used_bytes[0].labels.pod, 'llm-0');
      }));
});
