import { act, cleanup, fireEvent, render, screen } from "@testing-library/preact";
import { useRef, useState } from "react";
import { afterEach, expect, test, vi } from "vitest";
import { Dialog } from "./Dialog";
import { Menu, MenuItem } from "./Menu";
import { Popover } from "./Popover";

afterEach(cleanup);

const chosen = vi.fn();

function Fruit() {
  return (
    <>
      <Menu label="Fruit">
        {(close) => (
          <>
            <MenuItem
              label="Apple"
              onChoose={() => {
                chosen("apple");
                close();
              }}
            />
            <MenuItem label="Pear" disabled onChoose={() => chosen("pear")} />
            <MenuItem label="Plum" checked onChoose={() => chosen("plum")} />
          </>
        )}
      </Menu>
      <p>elsewhere</p>
    </>
  );
}

const button = () => screen.getByRole("button", { name: "Fruit" });
const focused = () => document.activeElement?.textContent;
const press = (key: string, more: KeyboardEventInit = {}) =>
  fireEvent.keyDown(document.activeElement as Element, { key, ...more });

function openFruit(): void {
  render(<Fruit />);
  button().focus();
  fireEvent.click(button());
}

test("A menu opens with the keyboard on its first item, and the arrow keys go round what can be chosen", () => {
  openFruit();
  expect(button().getAttribute("aria-expanded")).toBe("true");
  expect(focused()).toBe("Apple");
  press("ArrowDown");
  expect(focused()).toBe("Plum");
  press("ArrowDown");
  expect(focused()).toBe("Apple");
  press("ArrowUp");
  expect(focused()).toBe("Plum");
  press("Home");
  expect(focused()).toBe("Apple");
  press("End");
  expect(focused()).toBe("Plum");
});

/** All that is done before a further key can come; what waits for a picture is not. */
const beforeTheNextKey = async () => {
  for (let turn = 0; turn < 20; turn++) await null;
};

test("A key that is pressed right after a box was opened is that box's", async () => {
  render(
    <>
      <Fruit />
      <Question />
    </>,
  );
  button().click();
  await beforeTheNextKey();
  expect(focused()).toBe("Apple");
  screen.getByText("ask").click();
  await beforeTheNextKey();
  expect(document.activeElement).toBe(screen.getByLabelText("answer"));
});

test("Escape closes a menu and gives the keyboard back to its button", () => {
  openFruit();
  press("Escape");
  expect(screen.queryByRole("menu")).toBeNull();
  expect(document.activeElement).toBe(button());
});

test("So does a choice", () => {
  openFruit();
  fireEvent.click(screen.getByRole("menuitem", { name: "Apple" }));
  expect(chosen).toHaveBeenCalledWith("apple");
  expect(screen.queryByRole("menu")).toBeNull();
  expect(document.activeElement).toBe(button());
});

test("A click elsewhere closes a menu, one inside does not", () => {
  openFruit();
  fireEvent.pointerDown(screen.getByRole("menuitemcheckbox", { name: "Plum" }));
  expect(screen.getByRole("menu")).toBeTruthy();
  fireEvent.pointerDown(screen.getByText("elsewhere"));
  expect(screen.queryByRole("menu")).toBeNull();
});

test("Its keys are not those of what lies behind it", () => {
  const behind = vi.fn();
  render(
    // biome-ignore lint/a11y/noStaticElementInteractions: stands for the table
    <div onKeyDown={behind}>
      <Fruit />
    </div>,
  );
  fireEvent.click(button());
  press("ArrowDown");
  press("x");
  expect(behind).not.toHaveBeenCalled();
});

function Form() {
  const anchor = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(true);
  return (
    <>
      <button ref={anchor} type="button">
        anchor
      </button>
      <Popover anchor={anchor} open={open} onClose={() => setOpen(false)} label="Form" role="dialog">
        <input aria-label="first" />
        <button type="button" disabled>
          off
        </button>
        <button type="button">last</button>
      </Popover>
    </>
  );
}

test("Tab goes round inside a dialog, both ways", () => {
  render(<Form />);
  const first = screen.getByLabelText("first");
  const last = screen.getByText("last");
  expect(document.activeElement).toBe(first);
  last.focus();
  expect(press("Tab")).toBe(false);
  expect(document.activeElement).toBe(first);
  expect(press("Tab", { shiftKey: true })).toBe(false);
  expect(document.activeElement).toBe(last);
});

function Question() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        ask
      </button>
      {open && (
        <Dialog title="A question" onClose={() => setOpen(false)}>
          <input aria-label="answer" />
        </Dialog>
      )}
    </>
  );
}

test("A modal dialog takes the keyboard, has its title for a name, and gives the keyboard back", async () => {
  render(<Question />);
  const ask = screen.getByText("ask");
  ask.focus();
  fireEvent.click(ask);
  await act(async () => {});
  expect(screen.getByRole("dialog", { name: "A question" })).toBeTruthy();
  expect(document.activeElement).toBe(screen.getByLabelText("answer"));
  press("Escape");
  await act(async () => {});
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(document.activeElement).toBe(ask);
});
