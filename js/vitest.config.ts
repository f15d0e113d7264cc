import { defineConfig } from "vitest/config";

// The tests run on what the panel runs on: preact behind React's names.
export default defineConfig({
  resolve: {
    alias: {
      "nbt:shared": new URL("./ui/src/shared.test-stand-in.ts", import.meta.url).pathname,
      "react/jsx-runtime": "preact/jsx-runtime",
      "react/jsx-dev-runtime": "preact/jsx-runtime",
      "react-dom/client": "preact/compat/client",
      "react-dom": "preact/compat",
      react: "preact/compat",
    },
  },
  test: {
    environment: "happy-dom",
    // A test that hangs fails; one that is slow because the machine is busy does not.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    include: ["ui/src/**/*.test.{ts,tsx}", "panel/src/**/*.test.{ts,tsx}", "lab/src/**/*.test.{ts,tsx}"],
    // Libraries that import "react" by themselves must meet the same alias.
    server: { deps: { inline: [/zustand/, /@testing-library/] } },
  },
});
