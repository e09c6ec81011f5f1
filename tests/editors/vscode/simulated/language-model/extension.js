// SIMULATED: a language model that answers with the file that SIMULATED_MODEL_ANSWER names, in pieces.
const { readFileSync } = require("node:fs");
const vscode = require("vscode");

exports.activate = (context) => {
  let refuses = false;
  const provider = {
    async provideLanguageModelResponse(_messages, _options, _extension, progress) {
      if (refuses) {
        throw vscode.LanguageModelError.Blocked("the quota of this month is used up");
      }
      const answer = readFileSync(process.env.SIMULATED_MODEL_ANSWER, "utf8");
      for (const line of answer.split(/(?<=\n)/)) {
        progress.report({ index: 0, part: new vscode.LanguageModelTextPart(line) });
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async provideTokenCount(text) {
      return String(text).length;
    },
  };
  const facts = {
    name: "Simulated Model",
    vendor: "simulated",
    family: "simulated",
    version: "1",
    maxInputTokens: 100000,
    maxOutputTokens: 100000,
  };
  context.subscriptions.push(
    vscode.lm.registerChatModelProvider("simulated-model", provider, facts),
    vscode.commands.registerCommand("simulatedModel.refuse", () => {
      refuses = true;
    }),
  );
};
