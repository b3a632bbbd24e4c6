import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// The viewer is reached only through a dynamic import, so Rolldown gives it a chunk of its own and
// the light pages (sign-in, worklist, status) never wait for Cornerstone.
export default defineConfig({
    plugins: [react()],
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
