// Where things stand in a JSON text: the place of a mistake, and of the value at a path.

export interface JsonFault {
  at: number; // offset in the text
  text: string;
}

const DEEPEST = 64; // as the server takes it

class Fault extends Error {
  constructor(
    readonly at: number,
    text: string,
  ) {
    super(text);
  }
}

/** Walks over a JSON text strictly; tells of every value where it begins. */
class Walker {
  private i = 0;

  constructor(
    private readonly text: string,
    private readonly seen: (path: (string | number)[], at: number) => void,
  ) {}

  run(): void {
    this.value([]);
    this.space();
    if (this.i < this.text.length) this.fail("nothing may follow the last bracket");
  }

  private fail(text: string, at = this.i): never {
    throw new Fault(at, at >= this.text.length ? `the text ends too early: ${text}` : text);
  }

  private space(): void {
    while (/[ \t\r\n]/.test(this.text.charAt(this.i))) this.i++;
  }

  private value(path: (string | number)[]): void {
    this.space();
    if (path.length > DEEPEST) this.fail(`nested deeper than ${DEEPEST} levels`);
    this.seen(path, this.i);
    const c = this.text.charAt(this.i);
    if (c === "{") this.members(path);
    else if (c === "[") this.elements(path);
    else if (c === '"') this.string();
    else if (!this.word(/(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])/y))
      this.fail("a value is expected here: text in quotes, a number, true, false, null, { or [");
  }

  private word(pattern: RegExp): boolean {
    pattern.lastIndex = this.i;
    const m = pattern.exec(this.text);
    if (m) this.i += m[0].length;
    return !!m;
  }

  private string(): string {
    const from = this.i;
    if (!this.word(/"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/y)) {
      const bad = /(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*/y;
      bad.lastIndex = from + 1;
      const good = bad.exec(this.text)?.[0].length ?? 0;
      this.fail("this text in quotes does not end, or has a \\ too much", from + 1 + good);
    }
    return JSON.parse(this.text.slice(from, this.i)) as string;
  }

  private members(path: (string | number)[]): void {
    this.i++;
    this.space();
    if (this.text.charAt(this.i) === "}") {
      this.i++;
      return;
    }
    for (;;) {
      this.space();
      if (this.text.charAt(this.i) !== '"') this.fail('a name in quotes is expected here, as "title"');
      const name = this.string();
      this.space();
      if (this.text.charAt(this.i) !== ":") this.fail("a colon is expected here");
      this.i++;
      this.value([...path, name]);
      if (this.ends("}")) return;
    }
  }

  private elements(path: (string | number)[]): void {
    this.i++;
    this.space();
    if (this.text.charAt(this.i) === "]") {
      this.i++;
      return;
    }
    for (let n = 0; ; n++) {
      this.value([...path, n]);
      if (this.ends("]")) return;
    }
  }

  /** After a member: true at the bracket, false at a comma. */
  private ends(bracket: string): boolean {
    this.space();
    const c = this.text.charAt(this.i);
    if (c !== bracket && c !== ",") this.fail(`a comma or ${bracket} is expected here`);
    this.i++;
    return c === bracket;
  }
}

/** The first mistake of a JSON text, or null. */
export function faultOfJson(text: string): JsonFault | null {
  try {
    new Walker(text, () => undefined).run();
    return null;
  } catch (e) {
    if (e instanceof Fault) return { at: e.at, text: e.message };
    throw e;
  }
}

/** Where the values at these paths begin, as far as they are there; the text is sound JSON. */
export function placesInJson(text: string, paths: (string | number)[][]): (number | undefined)[] {
  const key = (path: (string | number)[]): string => JSON.stringify(path);
  const wanted = new Set(paths.map(key));
  const found = new Map<string, number>();
  new Walker(text, (path, at) => {
    const k = key(path);
    if (wanted.has(k) && !found.has(k)) found.set(k, at);
  }).run();
  return paths.map((p) => found.get(key(p)));
}

/** Line and column of an offset, counted from 1. */
export function lineOf(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at);
  return { line: before.split("\n").length, column: at - before.lastIndexOf("\n") };
}

/** The offset of a line and a column. */
export function offsetOf(text: string, line: number, column: number): number {
  let at = 0;
  for (let n = 1; n < line; n++) {
    const end = text.indexOf("\n", at);
    if (end < 0) return text.length;
    at = end + 1;
  }
  return Math.min(text.length, at + column - 1);
}
