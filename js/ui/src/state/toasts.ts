// Short messages at the foot of the panel: what was done, with a way to take it back, or what went wrong.
import { createStore, type StoreApi } from "zustand/vanilla";

export interface Toast {
  id: number;
  text: string;
  hint?: string;
  kind: "done" | "error" | "note";
  action?: { label: string; run: () => void };
  /** Another thing that can be done. */
  other?: { label: string; run: () => void };
}

export interface Toasts {
  toasts: Toast[];
  say(toast: Omit<Toast, "id">): void;
  dismiss(id: number): void;
}

export type ToastStore = StoreApi<Toasts>;

const MOST = 3;

export function createToasts(): ToastStore {
  let next = 1;
  return createStore<Toasts>((set) => ({
    toasts: [],
    say: (toast) => {
      const id = next++;
      set(({ toasts }) => ({ toasts: [...toasts.slice(1 - MOST), { ...toast, id }] }));
    },
    dismiss: (id) => set(({ toasts }) => ({ toasts: toasts.filter((one) => one.id !== id) })),
  }));
}
