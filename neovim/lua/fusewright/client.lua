--- Starts the server and speaks to it, on Neovim 0.7 and later.

local config = require('fusewright.config')

local M = {}

local name = 'fusewright'
-- Neovim 0.7 to 0.10: one server serves every buffer, because it finds each file's workspace itself.
local started

local function clients(bufnr)
  local get = vim.lsp.get_clients or vim.lsp.get_active_clients
  if vim.fn.has('nvim-0.8') == 1 then
    return get({ bufnr = bufnr, name = name })
  end
  return vim.tbl_filter(function(client)
    return client.name == name
  end, vim.lsp.buf_get_clients(bufnr))
end

--- The client of a buffer, or nil.
function M.get(bufnr)
  return clients(bufnr)[1]
end

--- Says that the program is not there.
function M.missing(program)
  vim.notify_once(
    'fusewright: ' .. program .. ' is not on the PATH; install it or set vim.g.fusewright.cmd (:help fusewright)',
    vim.log.levels.WARN
  )
end

--- Starts the server, if it does not run yet, and attaches a buffer to it. For Neovim before 0.11.
function M.attach(bufnr)
  if not config.wants(bufnr) then
    return
  end
  local alive = started and vim.lsp.get_client_by_id(started)
  if not alive or alive.is_stopped() then
    local cmd = config.cmd()
    if vim.fn.executable(cmd[1]) ~= 1 then
      M.missing(cmd[1])
      return
    end
    local root = config.root(bufnr)
    started = vim.lsp.start_client({
      name = name,
      cmd = cmd,
      root_dir = root,
      workspace_folders = { { uri = vim.uri_from_fname(root), name = root } },
      capabilities = config.capabilities(),
      init_options = config.init_options(),
      handlers = config.handlers,
      on_attach = function(_, attached)
        M.follow_lenses(attached)
      end,
    })
  end
  if started then
    vim.lsp.buf_attach_client(bufnr, started)
  end
end

--- Asks for the code lenses of a buffer anew.
function M.refresh_lenses(bufnr)
  -- Neovim 0.12 keeps them fresh by itself once they are enabled.
  if vim.lsp.codelens.enable or not M.get(bufnr) then
    return
  end
  local params = { textDocument = vim.lsp.util.make_text_document_params(bufnr) }
  -- Not `vim.lsp.codelens.refresh`: before 0.10 it knows the current buffer alone, and it fails where the buffer is
  -- gone by the time of the answer.
  vim.lsp.buf_request(bufnr, 'textDocument/codeLens', params, function(err, lenses, context, settings)
    if vim.api.nvim_buf_is_loaded(bufnr) and not err then
      vim.lsp.codelens.on_codelens(err, lenses, context, settings)
    end
  end)
end

--- Asks for the code lenses of every buffer anew that is on the screen.
function M.refresh_all_lenses()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    M.refresh_lenses(vim.api.nvim_win_get_buf(window))
  end
end

--- Keeps the code lenses of a buffer fresh.
function M.follow_lenses(bufnr)
  if vim.lsp.codelens.enable then
    vim.lsp.codelens.enable(true, { bufnr = bufnr })
    return
  end
  local group = vim.api.nvim_create_augroup('fusewright_lenses_' .. bufnr, { clear = true })
  vim.api.nvim_create_autocmd({ 'BufEnter', 'InsertLeave', 'TextChanged' }, {
    group = group,
    buffer = bufnr,
    callback = function()
      M.refresh_lenses(bufnr)
    end,
  })
  M.refresh_lenses(bufnr)
end

--- Runs one of the server's commands; `done(result)` is called with its answer, an error is shown.
function M.execute(bufnr, command, arguments, done)
  local client = M.get(bufnr)
  if not client then
    vim.notify('fusewright: no server is attached to this buffer (:help fusewright)', vim.log.levels.ERROR)
    return
  end
  local function answer(err, result)
    -- -32800 and -32802: somebody cancelled, which they know.
    if err and (err.code == -32800 or err.code == -32802) then
      vim.notify('fusewright: cancelled', vim.log.levels.INFO)
    elseif err then
      vim.notify('fusewright: ' .. err.message, vim.log.levels.ERROR)
    elseif done then
      done(result)
    end
    if vim.api.nvim_buf_is_valid(bufnr) then
      M.refresh_lenses(bufnr)
    end
  end
  local params = { command = command, arguments = arguments }
  if vim.fn.has('nvim-0.11') == 1 then
    client:request('workspace/executeCommand', params, answer, bufnr)
  else
    client.request('workspace/executeCommand', params, answer, bufnr)
  end
end

return M
