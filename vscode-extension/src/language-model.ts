import * as vscode from "vscode";
import type { CompleteParams, CompletePiece, Completion } from "./protocol.js";

const JUSTIFICATION = "Fusewright writes the Triton kernel that you asked for.";

/** Whether this VS Code hands language models on to extensions. */
export function hasLanguageModels(): boolean {
  return typeof vscode.lm?.selectChatModels === "function";
}

/** Answers a prompt of the server's through VS Code's own language models, piece by piece. */
export async function complete(
  params: CompleteParams,
  access: vscode.LanguageModelAccessInformation,
  send: (piece: CompletePiece) => Promise<void>,
  token: vscode.CancellationToken,
): Promise<Completion> {
  const model = await choose(params.model);
  const piece = (rest: Omit<CompletePiece, "id">) => send({ id: params.id, ...rest });
  await piece({ model: model.name });
  if (access.canSendRequest(model) === undefined) {
    await piece({ waiting: `VS Code asks whether Fusewright may use ${model.name}` });
  }
  try {
    const response = await model.sendRequest(messages(params), { justification: JUSTIFICATION }, token);
    for await (const text of response.text) {
      await piece({ text });
    }
  } catch (error) {
    throw explained(error, model.name);
  }
  return { model: model.name };
}

async function choose(wanted: string | undefined): Promise<vscode.LanguageModelChat> {
  const models = hasLanguageModels() ? await vscode.lm.selectChatModels() : [];
  if (models.length === 0) {
    throw new Error(
      "VS Code offers no language model: sign in to one, such as GitHub Copilot, or choose another fusewright.model.provider",
    );
  }
  const found = wanted
    ? models.find((model) => [model.id, model.family, model.name].includes(wanted))
    : models[0];
  if (!found) {
    const names = models.map((model) => model.id).join(", ");
    throw new Error(`VS Code offers no language model ${wanted}; it offers ${names}`);
  }
  return found;
}

/** These models know no standing instructions, so that they come first as the user's. */
function messages(params: CompleteParams): vscode.LanguageModelChatMessage[] {
  return params.messages.map(({ role, text }) =>
    role === "assistant"
      ? vscode.LanguageModelChatMessage.Assistant(text)
      : vscode.LanguageModelChatMessage.User(text),
  );
}

/** VS Code's own words are for extensions, so that consent and quota are put into a user's. */
function explained(error: unknown, model: string): Error {
  if (error instanceof vscode.CancellationError) {
    return error;
  }
  const said = error instanceof Error ? error.message : String(error);
  if (!(error instanceof vscode.LanguageModelError)) {
    return new Error(`${model} gave no answer: ${said}`);
  }
  switch (error.code) {
    case vscode.LanguageModelError.NoPermissions.name:
      return new Error(
        `you have not allowed Fusewright to use ${model}: ask again and allow it, or choose another fusewright.model.provider`,
      );
    case vscode.LanguageModelError.Blocked.name:
      return new Error(
        `${model} is not to be used now, because a quota is used up or it is blocked: ${said}`,
      );
    case vscode.LanguageModelError.NotFound.name:
      return new Error(`${model} is no longer there: ${said}`);
    default: {
      const cause = error.cause instanceof Error ? error.cause.message : said;
      return new Error(`${model} gave no answer: ${cause}`);
    }
  }
}
