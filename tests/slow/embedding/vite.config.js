import { defineConfig } from "vite";

export default defineConfig({
  build: { rollupOptions: { input: ["react.html", "vue.html"] } },
});
