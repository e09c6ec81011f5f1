--- What the client is started with, the same for every version of Neovim.
---
--- `vim.g.fusewright` may hold: cmd (list of strings), settings (the keys of fusewright.toml), and
--- autostart (false: the server starts only by hand), show_answer (false: a kernel is not shown while it is written).

local M = {}

local root_markers = { 'fusewright.toml', 'triton_training_data' }

--- The user's table, read anew each time so that it may be set late.
function M.user()
  return vim.g.fusewright or {}
end

--- The program and its arguments: the user's, else `fusewright` from the PATH, else a build beside this plugin.
function M.cmd()
  local cmd = M.user().cmd
  if cmd then
    return cmd
  end
  local program = vim.fn.exepath('fusewright')
  if program == '' then
    local here = debug.getinfo(1, 'S').source:sub(2)
    local checkout = vim.fn.fnamemodify(here, ':p:h:h:h:h')
    for _, profile in ipairs({ 'release', 'debug' }) do
      local build = checkout .. '/target/' .. profile .. '/fusewright'
      if program == '' and vim.fn.executable(build) == 1 then
        program = build
      end
    end
  end
  return { program ~= '' and program or 'fusewright', 'server' }
end

--- Whether a buffer is the server's to read: Python, or a workspace's file of ideas.
function M.wants(bufnr)
  if vim.bo[bufnr].buftype ~= '' then
    return false
  end
  local name = vim.api.nvim_buf_get_name(bufnr)
  return vim.bo[bufnr].filetype == 'python' or vim.endswith(name, '/triton_training_data/fusion_ideas.txt')
end

--- The workspace of a buffer: the nearest folder above that holds a marker, else the file's own.
function M.root(bufnr)
  local path = vim.api.nvim_buf_get_name(bufnr)
  local folder = path ~= '' and vim.fn.fnamemodify(path, ':p:h') or vim.fn.getcwd()
  local at = folder
  while true do
    for _, marker in ipairs(root_markers) do
      if vim.loop.fs_stat(at .. '/' .. marker) then
        return at
      end
    end
    local parent = vim.fn.fnamemodify(at, ':h')
    if parent == at then
      return folder
    end
    at = parent
  end
end

--- What the server is told at `initialize`.
function M.init_options()
  local settings = M.user().settings or {}
  if vim.tbl_isempty(settings) then
    settings = vim.empty_dict()
  end
  return { settings = settings, status = true, answers = M.user().show_answer ~= false, candidates = true }
end

--- What Neovim says it can do, and one thing more that every version can: refuse an edit made for an older text.
--- It tells of typing after a moment; without a version, a kernel could be put over what was typed meanwhile.
function M.capabilities()
  local capabilities = vim.lsp.protocol.make_client_capabilities()
  capabilities.workspace.workspaceEdit.documentChanges = true
  -- A file that an edit creates gets a buffer without a server; one that is found on disk gets both.
  capabilities.workspace.workspaceEdit.resourceOperations = { 'rename', 'delete' }
  return capabilities
end

--- The handlers of what only this server sends.
M.handlers = {
  -- The state of one pair, kept for the status line.
  ['fusewright/status'] = function(_, status)
    local bufnr = vim.uri_to_bufnr(status.uri)
    if vim.api.nvim_buf_is_loaded(bufnr) then
      local before = vim.b[bufnr].fusewright_state
      vim.b[bufnr].fusewright_status = status.text or ''
      vim.b[bufnr].fusewright_state = status.state
      vim.cmd('redrawstatus!')
      -- Before 0.12 Neovim takes no request to ask for its lenses anew.
      if before ~= status.state then
        require('fusewright.client').refresh_all_lenses()
      end
    end
  end,
  -- The loop wrote the candidate's file, or deleted it: a buffer without changes of the user's follows.
  ['fusewright/candidate'] = function(_, candidate)
    local bufnr = vim.uri_to_bufnr(candidate.uri)
    vim.schedule(require('fusewright.client').refresh_all_lenses)
    if not vim.api.nvim_buf_is_loaded(bufnr) or vim.bo[bufnr].modified then
      return
    end
    if candidate.exists then
      vim.bo[bufnr].autoread = true
      vim.cmd('silent! checktime ' .. bufnr)
    else
      vim.api.nvim_buf_delete(bufnr, {})
    end
  end,
  -- A kernel while it is being written.
  ['fusewright/answer'] = function(_, answer)
    require('fusewright.answer').take(answer)
  end,
}

return M
