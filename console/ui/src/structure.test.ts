// Holds the shape that main.tsx describes, which neither the compiler nor a reader of one file can see.
import { expect, it } from 'vitest';

const all = import.meta.glob<string>('./**/*.{ts,tsx,css}', { query: '?raw', import: 'default', eager: true });
const tests = Object.keys(all).filter((file) => /\.test\.tsx?$/.test(file));
const sources = Object.keys(all).filter((file) => !tests.includes(file));

/** The files of this app that a file imports, and of each the names it asks for ("default" and "*" are not names). */
function imports(file: string): { file: string; names: string[] }[] {
  const found = (all[file] ?? '').matchAll(/(?:import|export)\s*\(?\s*([^'"();]*?)(?:from\s*)?'(\.[^']*)'/g);
  return [...found].map(([, clause = '', path = '']) => {
    const plain = new URL(path, `http://app/${file}`).pathname.replace('/', './').replace(/\/$/, '');
    const target = [plain, `${plain}.ts`, `${plain}.tsx`, `${plain}/index.tsx`].find((name) => name in all);
    if (target === undefined) throw new Error(`${file} imports ${path}, which is not there`);
    const names = /\{([^}]*)\}/.exec(clause)?.[1]?.split(',') ?? [];
    return { file: target, names: names.map((name) => name.trim().replace(/^type /, '').replace(/ as .*/, '')) };
  });
}

/** Pages are folders of their own, files beside main.tsx as well. */
const folder = (file: string) => /^\.\/(pages\/[^/]+|[^/]+)/.exec(file)?.[1] ?? '';

it('every file is reached from main.tsx', () => {
  const reached = new Set(['./main.tsx']);
  for (const file of reached) for (const next of imports(file)) reached.add(next.file);
  expect(sources.filter((file) => !reached.has(file))).toEqual([]);
});

it('every exported name is imported somewhere, be it by a test', () => {
  const wanted = new Set([...sources, ...tests].flatMap(imports).flatMap(({ file, names }) => names.map((n) => `${file} ${n}`)));
  const exported = sources.flatMap((file) =>
    [...(all[file] ?? '').matchAll(/^export (?:async )?(?:function|const|class|type) (\w+)/gm)].map(([, name]) => `${file} ${name}`),
  );
  expect(exported.length).toBeGreaterThan(100);
  expect(exported.filter((name) => !wanted.has(name))).toEqual([]);
});

it('no page imports from another page', () => {
  const pages = sources.filter((file) => file.startsWith('./pages/'));
  const crossing = pages.flatMap((from) =>
    imports(from).flatMap(({ file }) => (file.startsWith('./pages/') && folder(file) !== folder(from) ? [`${from} → ${file}`] : [])),
  );
  expect(crossing).toEqual([]);
});

it('no folders depend on each other in a circle', () => {
  const needs = new Map<string, Set<string>>();
  for (const from of sources) {
    const set = needs.get(folder(from)) ?? new Set();
    for (const { file } of imports(from)) if (folder(file) !== folder(from)) set.add(folder(file));
    needs.set(folder(from), set);
  }
  // Folders that need nothing are taken away until none is left to take.
  for (let before = -1; before !== needs.size; ) {
    before = needs.size;
    for (const [name, set] of needs) if ([...set].every((other) => !needs.has(other))) needs.delete(name);
  }
  expect([...needs.keys()]).toEqual([]);
});
