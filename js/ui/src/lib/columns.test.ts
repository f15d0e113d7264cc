import { expect, test } from "vitest";
import { peoples } from "./columns";

test("the tags that MLflow sets on every run are left out of lists", () => {
  expect(peoples({ "mlflow.user": "root", stage: "final", mlflow: "mine" })).toEqual([
    ["stage", "final"],
    ["mlflow", "mine"],
  ]);
});
