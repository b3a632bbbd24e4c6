import { readdirSync, readFileSync } from 'node:fs';
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/** pdf.js asks for these by address when a document lacks its fonts or character maps. */
function documentFonts(): Plugin {
    const emitted = ['standard_fonts', 'cmaps'];
    return {
        name: 'document-fonts',
        apply: 'build',
        generateBundle() {
            for (const folder of emitted) {
                const from = `node_modules/pdfjs-dist/${folder}`;
                for (const name of readdirSync(from)) {
                    const source = readFileSync(`${from}/${name}`);
                    this.emitFile({ type: 'asset', fileName: `pdf/${folder}/${name}`, source });
                }
            }
        },
    };
}

/**
 * V8 compiles a function when it is first called. The code of an open case is compiled while it is read instead,
 * beside the page: it is called all at once, when everybody waits for the first images.
 */
function compiledBeforeItIsCalled(): Plugin {
    return {
        name: 'compiled-before-it-is-called',
        apply: 'build',
        generateBundle(_, bundle) {
            for (const chunk of Object.values(bundle)) {
                if (
                    chunk.type === 'chunk' &&
                    !chunk.isEntry &&
                    chunk.moduleIds.some((id) => id.includes('/src/board/'))
                ) {
                    chunk.code = `//# allFunctionsCalledOnLoad\n${chunk.code}`;
                }
            }
        },
    };
}

// The viewer is reached only through a dynamic import, so Rolldown gives it a chunk of its own and
// the light pages (sign-in, worklist, status) never wait for Cornerstone.
export default defineConfig({
    plugins: [react(), documentFonts(), compiledBeforeItIsCalled()],
    // vtk.js asks for Node's `events`; the npm package of that name is the browser's version of it.
    resolve: { alias: { events: 'events' } },
    worker: { format: 'es' },
    build: {
        target: 'es2022',
        // Inlined data: addresses would need a wider content security policy.
        assetsInlineLimit: 0,
        chunkSizeWarningLimit: 4000,
        sourcemap: false,
    },
    server: { proxy: { '/api': 'http://localhost:8080', '/ws': { target: 'ws://localhost:8080', ws: true } } },
    optimizeDeps: {
        exclude: ['@cornerstonejs/dicom-image-loader'],
        include: ['dicom-parser'],
    },
    test: { environment: 'node', include: ['src/**/*.test.{ts,tsx}'] },
});
