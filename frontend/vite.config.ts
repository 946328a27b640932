import { defineConfig } from 'vite';

export default defineConfig({
  // Relative addresses: the same build is served from any folder.
  base: './',
  build: {
    target: 'es2022',
    // Inlined assets would be data: addresses, which the content security policy allows for images only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
