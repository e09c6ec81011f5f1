-- What a user does, from opening a pair with a fault to finding it in the dataset, in a headless Neovim >= 0.7.
-- The environment names the plugin, the server's binary, the pair, the dataset, and where to note processes.

local plugin = os.getenv('FUSEWRIGHT_TEST_PLUGIN')
local server = os.getenv('FUSEWRIGHT_TEST_BINARY')
local pair = os.getenv('FUSEWRIGHT_TEST_PAIR')
local dataset = os.getenv('FUSEWRIGHT_TEST_DATASET')
local processes = os.getenv('FUSEWRIGHT_TEST_PROCESSES')

local static_ms = 20000
-- The first verdict of a machine imports torch with a cold disk.
local verdict_ms = 240000

local told = {}
vim.notify = function(text)
  told[#told + 1] = text
end

local function shown(bufnr)
  local rows = {}
  for _, diagnostic in ipairs(vim.diagnostic.get(bufnr)) do
    rows[#rows + 1] = string.format('%d %s %s', diagnostic.lnum + 1, tostring(diagnostic.code), diagnostic.message)
  end
  return table.concat(rows, '\n  ')
end

local function await(what, limit, condition)
  local met = vim.wait(limit, condition, 20)
  if not met then
    error(string.format(
      'waited %d ms in vain for %s\ndiagnostics:\n  %s\ntold:\n  %s',
      limit, what, shown(0), table.concat(told, '\n  ')
    ))
  end
end

local function find(code)
  for _, diagnostic in ipairs(vim.diagnostic.get(0)) do
    if diagnostic.code == code then
      return diagnostic
    end
  end
end

local function children(pid)
  return vim.fn.systemlist({ 'pgrep', '-P', tostring(pid) })
end

local function descendants(pid, into)
  for _, child in ipairs(children(pid)) do
    into[#into + 1] = child
    descendants(child, into)
  end
  return into
end

-- Neovim 0.12 asks for a filter, and says of each lens whose it is.
local function lenses(bufnr)
  if vim.fn.has('nvim-0.12') == 0 then
    return vim.lsp.codelens.get(bufnr)
  end
  return vim.tbl_map(function(item)
    return item.lens
  end, vim.lsp.codelens.get({ bufnr = bufnr }))
end

local function line_of(text)
  for index, line in ipairs(vim.api.nvim_buf_get_lines(0, 0, -1, false)) do
    if line == text then
      return index
    end
  end
  error('no line says ' .. text)
end

local function run()
  vim.opt.runtimepath:prepend(plugin)
  vim.g.fusewright = { cmd = { server, 'server' } }
  vim.cmd('runtime plugin/fusewright.lua')
  vim.cmd('filetype on')
  vim.cmd('edit ' .. vim.fn.fnameescape(pair))
  local bufnr = vim.api.nvim_get_current_buf()

  -- The near miss stands where the file says, and its fix mends it.
  local faulty = line_of('# <TRITION>')
  await('a diagnostic on the misspelt marker', static_ms, function()
    local diagnostic = vim.diagnostic.get(bufnr, { lnum = faulty - 1 })[1]
    return diagnostic and diagnostic.source == 'fusewright' and vim.startswith(tostring(diagnostic.code), 'FW1')
  end)
  vim.api.nvim_win_set_cursor(0, { faulty, 0 })
  local offered = {}
  vim.ui.select = function(items, options, choose)
    for index, item in ipairs(items) do
      local text = options.format_item(item)
      offered[#offered + 1] = text
      if text:find('# <TRITON>', 1, true) then
        choose(item, index)
        return
      end
    end
    error('no fix is offered, only: ' .. table.concat(offered, ' | '))
  end
  vim.lsp.buf.code_action()
  await('the fix', static_ms, function()
    return vim.api.nvim_buf_get_lines(bufnr, faulty - 1, faulty, false)[1] == '# <TRITON>'
  end)
  await('a clean file', static_ms, function()
    return #vim.diagnostic.get(bufnr) == 0
  end)
  vim.cmd('silent write')

  require('fusewright.client').refresh_lenses(bufnr)
  await('a lens that verifies', static_ms, function()
    for _, lens in ipairs(lenses(bufnr)) do
      if lens.command and lens.command.command == 'fusewright.verify' then
        return true
      end
    end
  end)

  vim.cmd('FusewrightVerify')
  -- FW505 says "pass", on a GPU; FW506 says "untimed", without one.
  local function verdict()
    return find('FW505') or find('FW506')
  end
  await('the verdict', verdict_ms, verdict)
  await('the answer to :FusewrightVerify', static_ms, function()
    return #told > 0
  end)
  local at = verdict().lnum

  -- An edit of a block makes the verdict stale, and undoing it brings it back.
  local last = line_of('# <TEST>') - 2
  -- Without a user's keys, all that happened so far would be one step of undo.
  vim.cmd('let &undolevels = &undolevels')
  vim.api.nvim_buf_set_lines(bufnr, last, last, false, { '    # A comment.' })
  await('a stale verdict', static_ms, function()
    return find('FW507') and not verdict()
  end)
  vim.cmd('silent undo')
  await('the verdict again', static_ms, function()
    local again = verdict()
    return again and again.lnum == at and not find('FW507')
  end)

  vim.cmd('FusewrightArchive')
  await('a line in the dataset', static_ms, function()
    return vim.fn.filereadable(dataset) == 1 and #vim.fn.readfile(dataset) == 1
  end)
  await('the word of it', static_ms, function()
    return told[#told]:find('archived as line 1', 1, true) ~= nil
  end)

  vim.fn.writefile(descendants(vim.fn.getpid(), {}), processes)
end

local ok, problem = pcall(run)
if not ok then
  io.stderr:write(tostring(problem) .. '\n')
  vim.cmd('cquit! 1')
end
vim.cmd('qall!')
