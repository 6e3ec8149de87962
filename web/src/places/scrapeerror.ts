// What an error of a scrape means, in plain words, and what to look at. The words of the errors are
// those of libcurl and of src/scrape.
export interface PlainError {
  what: string;
  advice: string;
}

export interface Asked {
  url: string;
  timeout: string;
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}

type Rule = [RegExp, (m: RegExpExecArray, asked: Asked) => [what: string, advice: string]];

const RULES: Rule[] = [
  [
    /timed out/i,
    (_, a) => [
      `No answer within ${a.timeout}.`,
      "Is the machine up, does a firewall drop the packets, or does the exporter need longer? scrape_timeout can be raised up to the interval.",
    ],
  ],
  [
    /resolve host|resolve proxy/i,
    (_, a) => [`The name ${hostOf(a.url)} is not known to DNS.`, "Check how it is written, and the resolver of the scraping machine."],
  ],
  [
    /no route to host|network is unreachable/i,
    (_, a) => [`There is no way to ${hostOf(a.url)}.`, "The machine is off, or the network between does not lead there."],
  ],
  [
    /certificate|SSL|TLS/i,
    () => ["The TLS connection cannot be made.", "Check the scheme (http or https), the certificate, and ca_file in tls_config."],
  ],
  [
    /refused|could ?n[o']t connect|failed to connect/i,
    (_, a) => [`Nothing listens at ${hostOf(a.url)}.`, "Is the exporter running there, and is the port right?"],
  ],
  [
    /HTTP status (401|407)/,
    () => ["The target asks for a user and a password.", "Set basic_auth or authorization of the job."],
  ],
  [
    /HTTP status 403/,
    () => ["The target lets this program in, but not to its metrics.", "Check its web configuration and the rights of the user."],
  ],
  [
    /HTTP status 404/,
    () => ["There are no metrics under this path.", "Check metrics_path: most exporters use /metrics."],
  ],
  [/HTTP status 3\d\d/, () => ["The target sends elsewhere.", "Give the address it sends to, or follow_redirects."]],
  [
    /HTTP status 503/,
    () => ["The target has nothing to give yet.", "A worker answers so until its first reading; if it stays, look into its log."],
  ],
  [/HTTP status (\d+)/, (m) => [`The target failed (HTTP ${m[1]}).`, "Its own log says why."]],
  [
    /no line could be read/i,
    () => ["The answer is no Prometheus text.", "Is this the metrics path of an exporter? Open the address and look."],
  ],
  [/sample_limit/, () => ["It has more samples than the job allows.", "Raise sample_limit, or drop series by metric_relabel_configs."]],
  [/label_(name_length_|value_length_)?limit/, () => ["Its labels are more or longer than the job allows.", "Raise the label limits of the job."]],
  [
    /body of more than/i,
    () => ["Its answer is larger than allowed.", "Raise body_size_limit or --scrape-max-body, or have the exporter say less."],
  ],
  [/gzip/i, () => ["Its compressed answer is damaged.", "Look at a proxy between, or at the exporter."]],
  [
    /empty reply|connection reset|recv failure|transfer closed/i,
    () => ["The connection broke before the answer was whole.", "The exporter was restarted, or speaks another protocol on this port."],
  ],
  [/too many series/i, () => ["The store takes no more series.", "Raise --max-series, or drop series by metric_relabel_configs."]],
];

/** The first rule that fits; null where the error's own words have to do. */
export function plainError(error: string, asked: Asked): PlainError | null {
  for (const [pattern, words] of RULES) {
    const m = pattern.exec(error);
    if (!m) continue;
    const [what, advice] = words(m, asked);
    return { what, advice };
  }
  return null;
}
