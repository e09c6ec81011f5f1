import { delimiter, isAbsolute, join } from "node:path";

/** Where a server program may be. */
export interface Places {
  /** The setting `fusewright.server.path`, empty where not set. */
  configured: string;
  /** The program inside the extension. */
  bundled: string;
  /** The environment variable `PATH`. */
  path: string;
  /** The user's home folder, for a leading `~/`. */
  home: string;
  /** Whether a path is a program that can be started. */
  isProgram: (path: string) => boolean;
}

/** The program to start, or one sentence on why there is none. */
export type Found = { program: string; from: "setting" | "extension" | "PATH" } | { problem: string };

/** Finds the server: the setting, else the extension's own, else the first on PATH. */
export function findServer(places: Places): Found {
  if (places.configured !== "") {
    const program = places.configured.replace(/^~(?=\/)/, places.home);
    if (!isAbsolute(program)) {
      // A relative path would mean another program in every folder, a stranger's folder among them.
      return { problem: `The setting fusewright.server.path must be an absolute path, not "${program}".` };
    }
    return places.isProgram(program)
      ? { program, from: "setting" }
      : {
          problem: `The setting fusewright.server.path names ${program}, which is no program. Correct it or empty it.`,
        };
  }
  if (places.isProgram(places.bundled)) {
    return { program: places.bundled, from: "extension" };
  }
  for (const folder of places.path.split(delimiter)) {
    const program = join(folder, "fusewright");
    if (isAbsolute(folder) && places.isProgram(program)) {
      return { program, from: "PATH" };
    }
  }
  return {
    problem:
      "This build of the extension holds no Fusewright server for this platform, and there is none on PATH. " +
      "Install fusewright, or name the program in the setting fusewright.server.path.",
  };
}
