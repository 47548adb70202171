// Reads JSON (RFC 8259) with the place of every value, which JSON.parse tells in some browsers only, and for errors only.

/** A value and where it begins, counted from 0 in the text. */
export type Node = { at: number } & (
  | { type: 'object'; members: Member[] }
  | { type: 'array'; items: Node[] }
  | { type: 'string'; value: string }
  | { type: 'other' } // number, true, false, null
);

/** A member of an object; at is the place of its name. */
export type Member = { at: number; name: string; value: Node };

type Fault = { message: string; at: number };

export type Place = { line: number; column: number };

/** Deeper documents are refused, so that no text can exhaust the stack; a policy needs six levels. */
const maxDepth = 100;

/** Line and column of a place, both from 1. */
export function place(text: string, at: number): Place {
  const before = text.slice(0, at);
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n') };
}

export function readJSON(text: string): { root: Node } | { fault: Fault } {
  try {
    return { root: new Reader(text).document() };
  } catch (e) {
    if (e instanceof Stop) return { fault: { message: e.message, at: e.at } };
    throw e;
  }
}

class Stop extends Error {
  constructor(
    message: string,
    readonly at: number,
  ) {
    super(message);
  }
}

const space = /[ \t\r\n]*/y;
const stringToken = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const otherToken = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;
const stringStart = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y;

class Reader {
  private at = 0;
  constructor(private readonly text: string) {}

  document(): Node {
    this.skip();
    if (this.at === this.text.length) throw new Stop('The document is empty.', 0);
    const root = this.value(0);
    this.skip();
    if (this.at < this.text.length) throw new Stop('Nothing may follow the end of the document.', this.at);
    return root;
  }

  private value(depth: number): Node {
    if (depth > maxDepth) throw new Stop('The document is nested too deeply.', this.at);
    const at = this.at;
    switch (this.text[at]) {
      case '{':
        return this.object(depth);
      case '[':
        return this.array(depth);
      case '"':
        return { at, type: 'string', value: this.string() };
    }
    if (this.take(otherToken) === undefined) throw this.unexpected('a value');
    return { at, type: 'other' };
  }

  private object(depth: number): Node {
    const at = this.at;
    const members: Member[] = [];
    const names = new Set<string>();
    this.list('}', () => {
      const nameAt = this.at;
      if (this.text[nameAt] !== '"') throw this.unexpected('a name in double quotes');
      const name = this.string();
      if (names.has(name)) throw new Stop(`The name "${name}" is there twice.`, nameAt);
      names.add(name);
      this.skip();
      if (this.text[this.at] !== ':') throw this.unexpected('a colon');
      this.at++;
      this.skip();
      members.push({ at: nameAt, name, value: this.value(depth + 1) });
    });
    return { at, type: 'object', members };
  }

  private array(depth: number): Node {
    const at = this.at;
    const items: Node[] = [];
    this.list(']', () => items.push(this.value(depth + 1)));
    return { at, type: 'array', items };
  }

  /** Reads what stands between brackets, with commas between. */
  private list(end: string, element: () => void): void {
    this.at++;
    this.skip();
    if (this.text[this.at] === end) {
      this.at++;
      return;
    }
    for (;;) {
      element();
      this.skip();
      if (this.text[this.at] === end) {
        this.at++;
        return;
      }
      if (this.text[this.at] !== ',') throw this.unexpected(`a comma or ${end}`);
      const comma = this.at++;
      this.skip();
      if (this.text[this.at] === end) throw new Stop(`A comma may not stand before ${end}.`, comma);
    }
  }

  private string(): string {
    const token = this.take(stringToken);
    if (token !== undefined) return JSON.parse(token) as string;
    const good = this.take(stringStart)!;
    if (this.at === this.text.length) throw new Stop('The string is not closed.', this.at - good.length);
    throw this.text[this.at] === '\\'
      ? new Stop('A backslash must begin an escape such as \\" or \\u0041.', this.at)
      : new Stop('The string is not closed on its line.', this.at);
  }

  private skip(): void {
    this.take(space);
  }

  private take(token: RegExp): string | undefined {
    token.lastIndex = this.at;
    const found = token.exec(this.text)?.[0];
    this.at += found?.length ?? 0;
    return found;
  }

  private unexpected(wanted: string): Stop {
    const found = this.at < this.text.length ? 'something else' : 'the end';
    return new Stop(`Expected ${wanted}, found ${found}.`, this.at);
  }
}
