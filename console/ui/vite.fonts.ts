// Takes the fonts out of Cloudscape's global styles: inlined they weigh 140 kB gzipped in all weights and slants, as
// files of their own the browser fetches the two or three that a page uses, after it has painted.
import { createHash } from 'node:crypto';
import type { Plugin } from 'vite';

const inlined = /url\(["']?data:font\/woff2;base64,([A-Za-z0-9+/=]+)["']?\)\s*format\(["']woff2["']\)/g;

export function fontFiles(): Plugin {
  return {
    name: 'sallyport:font-files',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type !== 'asset' || !file.fileName.endsWith('.css')) continue;
        file.source = file.source.toString().replace(inlined, (_match, data: string) => {
          const source = Buffer.from(data, 'base64');
          const fileName = `assets/open-sans-${createHash('sha256').update(source).digest('hex').slice(0, 8)}.woff2`;
          this.emitFile({ type: 'asset', fileName, source });
          return `url(/${fileName})format("woff2");font-display:swap`;
        });
      }
    },
  };
}
