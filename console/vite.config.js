// One page, one script, one style sheet: the binary embeds dist/ and serves it below /.
import { defineConfig } from 'vite';

const server = process.env.ORDERLOG_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  server: {
    proxy: {
      '/graphql/ws': { target: server, ws: true },
      '/graphql': server,
    },
  },
  build: {
    target: 'es2022',
    license: { fileName: 'assets/licenses.md' },
    // Fonts stay inside the style sheet, so that the page is these files and nothing else.
    assetsInlineLimit: Infinity,
    chunkSizeWarningLimit: 2000,
    rolldownOptions: {
      input: 'playground.html',
      output: { codeSplitting: false },
      onwarn(warning, warn) {
        // "use client" marks of React libraries mean nothing in a bundle for the browser.
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning);
      },
    },
  },
});
