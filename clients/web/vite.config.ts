import { readdirSync, readFileSync } from 'node:fs';
import react from '@vitejs/plugin-react';
import { build, type Plugin, type Rolldown } from 'vite';
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

/** dicom-microscopy-viewer asks for its worker at one address; what stands there is ours (src/slide_worker). */
function slideWorker(): Plugin {
    const codec = 'openjpegwasm_decode.wasm';
    return {
        name: 'slide-worker',
        apply: 'build',
        async generateBundle() {
            const built = await build({
                configFile: false,
                logLevel: 'error',
                build: {
                    write: false,
                    lib: { entry: 'src/slide_worker/slide_worker.ts', formats: ['iife'], name: 'slideWorker' },
                },
            });
            const [bundle] = built as Rolldown.RolldownOutput[];
            const worker = bundle?.output[0].code ?? this.error('no worker for slides');
            this.emitFile({ type: 'asset', fileName: 'static/js/dataLoader.worker.min.js', source: worker });
            const source = readFileSync(`node_modules/@cornerstonejs/codec-openjpeg/dist/${codec}`);
            this.emitFile({ type: 'asset', fileName: `static/js/${codec}`, source });
        },
    };
}

/** The library puts a style element on the page for words beside its own drawings, which we do not use and our content
 *  security policy refuses. */
function slidesWithoutStyle(): Plugin {
    const made = 'this._styleTag=document.createElement("style")';
    return {
        name: 'slides-without-style',
        apply: 'build',
        transform(code, id) {
            if (!id.endsWith('dicomMicroscopyViewer.bundle.min.js')) {
                return undefined;
            }
            if (code.split(made).length !== 2) {
                this.error('dicom-microscopy-viewer makes its style element in another way now');
            }
            return { code: code.replace(made, 'this._styleTag=document.createElement("template")'), map: null };
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
    plugins: [react(), documentFonts(), slideWorker(), slidesWithoutStyle(), compiledBeforeItIsCalled()],
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
