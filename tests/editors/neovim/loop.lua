-- The loop in a headless Neovim: an idea is worked at with its candidate open, another one is cancelled, a task is
-- brought to its end, and a wrong kernel of the user's own is fixed with its verdict. The environment names the plugin,
-- the server's binary, the workspace, the model's address, and a wrong pair.

local plugin = os.getenv('FUSEWRIGHT_TEST_PLUGIN')
local server = os.getenv('FUSEWRIGHT_TEST_BINARY')
local workspace = os.getenv('FUSEWRIGHT_TEST_WORKSPACE')
local address = os.getenv('FUSEWRIGHT_TEST_MODEL')
local pair = os.getenv('FUSEWRIGHT_TEST_PAIR')

local ideas = workspace .. '/triton_training_data/fusion_ideas.txt'
local candidate = workspace .. '/triton_training_data/examples/temp_candidate.py'
local task = workspace .. '/001_fused_kernels.py'
-- The first verdict of a machine imports torch with a cold disk.
local limit_ms = 240000
local told = {}
local failed = {}
vim.notify = function(text, level)
  told[#told + 1] = text
  if level == vim.log.levels.ERROR then
    failed[#failed + 1] = text
  end
end

local function await(what, condition)
  if not vim.wait(limit_ms, condition, 20) then
    error('waited in vain for ' .. what .. '\ntold:\n  ' .. table.concat(told, '\n  '))
  end
end

-- Neovim 0.12 asks for a filter, and says of each lens whose it is.
local function lenses(bufnr)
  local found = vim.fn.has('nvim-0.12') == 1 and vim.lsp.codelens.get({ bufnr = bufnr })
    or vim.lsp.codelens.get(bufnr)
  return vim.tbl_map(function(item)
    local lens = item.lens or item
    return lens.range.start.line + 1 .. ': ' .. (lens.command and lens.command.title or '')
  end, found)
end

local function await_lens(bufnr, title)
  await('the lens ' .. title, function()
    return vim.tbl_contains(lenses(bufnr), title)
  end)
end

-- Neovim 0.7 shows no document that a server names: its user opens the candidate.
local function opened(file)
  await(file, function()
    return vim.fn.filereadable(file) == 1
  end)
  if vim.fn.has('nvim-0.8') == 0 then
    vim.cmd('edit ' .. vim.fn.fnameescape(file))
  end
  await('its buffer', function()
    return vim.fn.bufloaded(file) == 1
  end)
  return vim.fn.bufnr(file)
end

local function text_of(bufnr)
  return table.concat(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), '\n')
end

local function has(bufnr, code)
  return vim.tbl_contains(
    vim.tbl_map(function(diagnostic)
      return diagnostic.code
    end, vim.diagnostic.get(bufnr)),
    code
  )
end

local function shows(bufnr, text, code)
  return function()
    return text_of(bufnr):find(text, 1, true) and has(bufnr, code)
  end
end

-- A task: its first kernel is wrong, the second one is moved to data/.
local function run_task(list)
  vim.cmd('buffer ' .. list)
  vim.cmd('FusewrightRun task')
  local bufnr = opened(task)
  await('the verdict on the task', shows(bufnr, 'x + y, mask', 'FW501'))
  await('the end of the task', function()
    return vim.fn.bufloaded(task) == 0
  end)
  assert(vim.fn.filereadable(task) == 0 and vim.fn.filereadable(workspace .. '/data/001_fused_kernels.py') == 1)
end

-- A pair of the user's own: wrong, fixed with its verdict, and all brought back by one step of undo.
local function fix()
  vim.cmd('edit ' .. vim.fn.fnameescape(pair))
  local bufnr = vim.api.nvim_get_current_buf()
  await_lens(bufnr, vim.fn.search('# <TRITON>', 'nw') .. ': ▶ Verify')
  vim.cmd('FusewrightVerify')
  await('the verdict on the pair', shows(bufnr, 'x + y, mask', 'FW501'))
  local before = text_of(bufnr)
  vim.cmd('let &undolevels = &undolevels')
  vim.cmd('FusewrightFix')
  await('the other kernel', function()
    return text_of(bufnr):find('tl.maximum(x + y, 0.0)', 1, true) and not has(bufnr, 'FW501')
  end)
  await('the end of the writing', function()
    return vim.b[bufnr].fusewright_state == 'stale'
  end)
  vim.cmd('FusewrightVerify')
  await('its verdict', shows(bufnr, 'tl.maximum(x + y, 0.0)', 'FW506'))
  await('the end of the audit', function()
    return vim.b[bufnr].fusewright_state == 'verified'
  end)
  vim.cmd('silent undo')
  assert(text_of(bufnr) == before, 'one step of undo takes the kernel back')
  await('the verdict of before', shows(bufnr, 'x + y, mask', 'FW501'))
end

local function run()
  vim.opt.runtimepath:prepend(plugin)
  vim.g.fusewright = {
    cmd = { server, 'server' },
    settings = { model = { provider = 'openai', model = 'simulated-coder', base_url = address } },
  }
  vim.cmd('runtime plugin/fusewright.lua')
  vim.cmd('filetype on')
  vim.cmd('edit ' .. vim.fn.fnameescape(ideas))
  local list = vim.api.nvim_get_current_buf()
  await_lens(list, '1: ▶ Run')
  await_lens(list, '3: ▶ Run')

  vim.cmd('FusewrightRun')
  local bufnr = opened(candidate)
  await('the first verdict', shows(bufnr, 'x + y, mask', 'FW501'))
  await('the second', shows(bufnr, 'tl.no_such_function', 'FW502'))
  await('the end', function()
    return vim.fn.bufloaded(candidate) == 0
  end)
  assert(vim.fn.filereadable(candidate) == 0, 'the candidate is deleted')
  vim.cmd('buffer ' .. list)
  await_lens(list, '1: ✓ archived as line 1 · Redo')

  vim.cmd('FusewrightRun 3')
  bufnr = opened(candidate)
  vim.cmd('buffer ' .. bufnr)
  await('the judging', function()
    return (vim.b[bufnr].fusewright_status or ''):find('attempt 1 of 3', 1, true)
  end)
  vim.cmd('FusewrightCancel')
  vim.cmd('buffer ' .. list)
  await_lens(list, '3: ▶ Go on · attempt 1 of 3')
  vim.cmd('FusewrightAbandon')
  await('the end of the other', function()
    return vim.fn.bufloaded(candidate) == 0
  end)
  assert(vim.fn.filereadable(candidate) == 0, 'the other is deleted')
  await_lens(list, '3: ✗ abandoned after 1 attempt · Redo')

  run_task(list)
  fix()
  assert(#failed == 0, table.concat(failed, '\n'))
end

local ok, problem = pcall(run)
if not ok then
  io.stderr:write(tostring(problem) .. '\n')
  vim.cmd('cquit! 1')
end
vim.cmd('qall!')
